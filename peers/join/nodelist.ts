import { PotluckError } from '../../src/base/errors.ts'

const MAX_HOSTS = 65_536
const MAX_TEXT = 1024 * 1024

/**
 * Expands a Slurm node list such as `node[001-003,7],gpu1`; leading zeros set the width, several
 * brackets in one name multiply.
 *
 * @throws PotluckError EINVAL for what is no such list, or has more than 65,536 hosts
 */
export function expandNodelist(text: string): string[] {
  if (text.length > MAX_TEXT) throw invalid(text, 'it is too long')
  const hosts: string[] = []
  for (const part of splitList(text)) {
    for (const host of expandName(part, text)) {
      hosts.push(host)
      if (hosts.length > MAX_HOSTS) throw invalid(text, `it has more than ${MAX_HOSTS} hosts`)
    }
  }
  return hosts
}

/** Splits at commas that are not inside brackets. */
function splitList(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i <= text.length; i++) {
    const character = text[i]
    if (character === '[') depth++
    if (character === ']') depth--
    if (depth < 0 || depth > 1) throw invalid(text, 'its brackets do not match')
    if (character !== undefined && (character !== ',' || depth > 0)) continue
    const part = text.slice(start, i).trim()
    if (part === '') throw invalid(text, 'a name in it is empty')
    parts.push(part)
    start = i + 1
  }
  if (depth !== 0) throw invalid(text, 'its brackets do not match')
  return parts
}

function expandName(name: string, text: string): string[] {
  const open = name.indexOf('[')
  if (open < 0) return [name]
  const close = name.indexOf(']', open)
  const numbers = expandRanges(name.slice(open + 1, close), text)
  const rests = expandName(name.slice(close + 1), text)
  if (numbers.length * rests.length > MAX_HOSTS) {
    throw invalid(text, `it has more than ${MAX_HOSTS} hosts`)
  }
  const prefix = name.slice(0, open)
  return numbers.flatMap((number) => rests.map((rest) => prefix + number + rest))
}

function expandRanges(ranges: string, text: string): string[] {
  return ranges.split(',').flatMap((range) => {
    const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(range.trim())
    if (match === null) throw invalid(text, `'${range}' is no number and no range`)
    const from = Number(match[1])
    const to = match[2] === undefined ? from : Number(match[2])
    if (to < from) throw invalid(text, `the range '${range}' runs backwards`)
    if (to - from >= MAX_HOSTS) throw invalid(text, `it has more than ${MAX_HOSTS} hosts`)
    const width = match[1]?.length ?? 0
    return Array.from({ length: to - from + 1 }, (_, i) => String(from + i).padStart(width, '0'))
  })
}

function invalid(text: string, why: string): PotluckError {
  const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text
  return new PotluckError('EINVAL', `the node list '${shown}' can't be read: ${why}`)
}
