// `--faults many,dead=5%,for=20s`: a profile, or single faults, or a profile and what is different.
import { type Faults, NO_FAULTS, PROFILES } from './faults.ts'

type Unit = 'share' | 'times' | 'time' | 'nodes'
type FaultName = keyof Faults

/** As written: names in kebab case, and what the number behind them counts. */
const FAULTS = new Map<string, { readonly name: FaultName; readonly unit: Unit }>([
  ['for', { name: 'forMs', unit: 'time' }],
  ['spared', { name: 'spared', unit: 'nodes' }],
  ['longest', { name: 'longestMs', unit: 'time' }],
  ['skew', { name: 'skewMs', unit: 'time' }],
  ['dead', { name: 'dead', unit: 'share' }],
  ['crash', { name: 'crash', unit: 'share' }],
  ['bounce', { name: 'bounce', unit: 'share' }],
  ['hang', { name: 'hang', unit: 'share' }],
  ['slow', { name: 'slow', unit: 'share' }],
  ['clog', { name: 'clog', unit: 'share' }],
  ['leave', { name: 'leave', unit: 'share' }],
  ['join', { name: 'join', unit: 'share' }],
  ['partition', { name: 'partition', unit: 'times' }],
  ['source-stall', { name: 'sourceStall', unit: 'times' }],
  ['loss', { name: 'loss', unit: 'share' }],
  ['late', { name: 'late', unit: 'share' }],
  ['rumor-loss', { name: 'rumorLoss', unit: 'share' }],
  ['rumor-late', { name: 'rumorLate', unit: 'share' }],
  ['source-error', { name: 'sourceError', unit: 'share' }],
  ['source-hang', { name: 'sourceHang', unit: 'share' }],
])

/** Of these there can be no more than all. */
const AT_MOST_ALL: ReadonlySet<FaultName> = new Set([
  'dead',
  'crash',
  'leave',
  'loss',
  'late',
  'rumorLoss',
  'rumorLate',
  'sourceError',
  'sourceHang',
])

const MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 }

export const FAULTS_HELP =
  `none, some, many, or single ones, such as crash=1%,dead=5%,partition=2,for=20s: ` +
  [...FAULTS.keys()].join(', ')

/** @throws RangeError that says which part can't be understood, and what would be */
export function parseFaults(text: string): Faults {
  const faults = { ...NO_FAULTS }
  for (const part of text.split(',').map((word) => word.trim())) {
    const [word = '', value] = part.split(/=(.*)/s)
    if (value !== undefined) setFault(faults, word, value)
    else if (isProfile(word)) Object.assign(faults, PROFILES[word])
    else throw new RangeError(notKnown(part))
  }
  return faults
}

function setFault(faults: { -readonly [Name in FaultName]: number }, word: string, value: string) {
  const fault = FAULTS.get(word)
  if (fault === undefined) throw new RangeError(notKnown(word))
  const { name, unit } = fault
  const amount = unit === 'time' ? parseTime(word, value) : parseAmount(word, value, unit)
  if (AT_MOST_ALL.has(name) && amount > 1) {
    throw new RangeError(`'${word}=${value}' is more than all; 100% is the most`)
  }
  faults[name] = amount
}

function parseAmount(word: string, value: string, unit: Unit): number {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(value) ?? []
  const isShare = unit === 'share'
  const amount = Number(digits) / (percent === '%' ? 100 : 1)
  const isGood = digits !== undefined && (isShare || (percent === '' && Number.isInteger(amount)))
  if (isGood) return amount
  const example = isShare ? `${word}=5% or ${word}=0.05` : `${word}=2`
  throw new RangeError(`'${word}=${value}' has no number that fits; write ${example}`)
}

function parseTime(word: string, value: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(value) ?? []
  const factor = MS[unit ?? '']
  if (factor === undefined) {
    throw new RangeError(`'${word}=${value}' is no time; write ${word}=20s or ${word}=500ms`)
  }
  return Number(digits) * factor
}

function isProfile(word: string): word is keyof typeof PROFILES {
  return Object.hasOwn(PROFILES, word)
}

function notKnown(word: string): string {
  return `'${word}' is no fault; there are ${FAULTS_HELP}`
}
