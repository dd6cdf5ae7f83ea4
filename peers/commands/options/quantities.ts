// Sizes and durations as people write them, in both directions. Parsers throw a plain Error whose
// message says what to write instead; `read-options.ts` puts the option and the value in front.

const KIBI = 1024
const POWERS = ['', 'k', 'm', 'g', 't']

/**
 * Bytes of `4GiB`, `512M`, `1.5g` or `4096`. As with dd, `M` and `MiB` are 1024², `MB` is 1000².
 *
 * @throws Error where the text is not a size, or not a whole number of bytes that a double holds
 */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?b)?$/i.exec(text.trim())
  if (match === null) throw new Error('is not a size; write it like 512M, 4GiB or 1048576')
  const [, digits = '', unit = '', suffix = ''] = match
  const base = unit !== '' && suffix.toLowerCase() === 'b' ? 1000 : KIBI
  const bytes = Math.round(Number(digits) * base ** POWERS.indexOf(unit.toLowerCase()))
  if (!Number.isSafeInteger(bytes)) throw new Error('is too large; write at most 8191TiB')
  return bytes
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
const LONGEST_MS = 365 * 86_400_000

/**
 * Milliseconds of `30s`, `5m`, `250ms`, `1.5h`, `2d`; a bare number is seconds.
 *
 * @throws Error where the text is not a duration, or one of more than a year
 */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)?$/i.exec(text.trim())
  if (match === null) throw new Error('is not a duration; write it like 30s, 5m, 250ms or 1h')
  const ms = Number(match[1]) * (UNIT_MS[(match[2] ?? 's').toLowerCase()] ?? 1000)
  if (ms > LONGEST_MS) throw new Error('is longer than a year; write at most 365d')
  return ms
}

/** `1.4 GiB`, `512 MiB`, `37 B`. */
export function formatBytes(bytes: number): string {
  let power = 0
  let rest = bytes
  while (rest >= KIBI && power < POWERS.length - 1) {
    rest /= KIBI
    power += 1
  }
  const digits = power === 0 || rest >= 100 ? 0 : 1
  const unit = power === 0 ? 'B' : `${'KMGT'.charAt(power - 1)}iB`
  return `${rest.toFixed(digits)} ${unit}`
}

/** `1.2 ms`, `4.5 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.floor(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

/** `12,345`; at most two digits behind the point. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 2 })
}

/** `1 file`, `12,345 files`. */
export function formatCountOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** A size within bounds, for an option. */
export function parseSizeWithin(least: number, most: number): (text: string) => number {
  return (text) => {
    const bytes = parseSize(text)
    if (bytes < least) throw new Error(`is too small; give at least ${least} bytes`)
    if (bytes > most) throw new Error(`is too large; give at most ${most} bytes`)
    return bytes
  }
}

/** A duration of at least so many milliseconds, for an option. */
export function parseDurationFrom(leastMs: number): (text: string) => number {
  return (text) => {
    const ms = parseDuration(text)
    if (ms < leastMs) throw new Error(`is too short; give at least ${leastMs}ms`)
    return ms
  }
}
