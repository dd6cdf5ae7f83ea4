// The other kinds of value an option may have: named directories, endpoints, one of a few words.
// Parsers throw a plain Error that says what to write instead.
import path from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import type { Endpoint, NamedDirectory } from '../../composition/settings.ts'

const VOLUME_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

export function parseVolumeName(text: string): string {
  if (VOLUME_NAME.test(text)) return text
  throw new Error('is not a name; use 1 to 64 letters, digits, dots, dashes and underscores')
}

/** `data=/mnt/data`, the directory relative to `cwd`. */
export function parseNamedDirectory(cwd: string): (text: string) => NamedDirectory {
  return (text) => {
    const at = text.indexOf('=')
    if (at < 1 || at === text.length - 1) {
      throw new Error('has no name and directory; write NAME=DIR, such as data=/mnt/data')
    }
    const volume = parseVolumeName(text.slice(0, at))
    return { volume, directory: path.resolve(cwd, text.slice(at + 1)) }
  }
}

export const DRIVERS = ['kernel', 'fuse-native'] as const

/** `9100`, `:9100`, `0.0.0.0:9100` or `[::1]:9100`; without a host, loopback alone. */
export function parseEndpoint(text: string): Endpoint {
  const match = /^(?:(\[[0-9a-f:.]+\]|[^:\s[\]]*):)?(\d{1,5})$/i.exec(text.trim())
  const port = Number(match?.[2])
  if (match === null || port > 65_535) {
    throw new Error('is not an address; write HOST:PORT, such as 127.0.0.1:9100')
  }
  const host = (match[1] ?? '').replace(/^\[|\]$/g, '')
  return { host: host === '' ? '127.0.0.1' : host, port }
}

export function parseMultiaddr(text: string): string {
  try {
    return multiaddr(text).toString()
  } catch (error) {
    const reason = error instanceof Error ? ` (${error.message})` : ''
    throw new Error(`is not a multiaddr${reason}; write one like /ip4/0.0.0.0/tcp/4700`, {
      cause: error,
    })
  }
}

export function parseWord<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((each) => each === text)
    if (word !== undefined) return word
    throw new Error(`is not known; choose one of ${words.join(', ')}`)
  }
}

/** A whole number within bounds, both included. */
export function parseWhole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text.trim()) ? Number(text) : NaN
    if (value >= least && value <= most) return value
    throw new Error(`is not a whole number from ${least} to ${most}`)
  }
}

const YES: ReadonlySet<string> = new Set(['1', 'true', 'yes', 'on'])
const NO: ReadonlySet<string> = new Set(['0', 'false', 'no', 'off', ''])

export function parseSwitch(text: string): boolean {
  const word = text.trim().toLowerCase()
  if (YES.has(word)) return true
  if (NO.has(word)) return false
  throw new Error('is neither yes nor no; write true or false')
}

/** Any text but none. */
export function parseText(text: string): string {
  if (text.trim() !== '') return text
  throw new Error('is empty; give a value or leave the option out')
}
