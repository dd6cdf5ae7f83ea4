// Distributions, drawn from any Random.
import assert from 'node:assert/strict'
import type { Random } from '../../src/ports/random.ts'

/** Uniform in [from, to). */
export function between(random: Random, from: number, to: number): number {
  return from + (to - from) * random.next()
}

/** An integer, uniform in [0, count). */
export function below(random: Random, count: number): number {
  return Math.floor(random.next() * count)
}

export function pick<T>(random: Random, choices: readonly T[]): T {
  assert(choices.length > 0, 'a pick out of nothing')
  return choices[below(random, choices.length)] as T
}

/** `count` of the choices, each at most once, in random order (all of them where there are fewer). */
export function pickSome<T>(random: Random, choices: readonly T[], count: number): T[] {
  const pool = [...choices]
  const taken = Math.min(count, pool.length)
  for (let i = 0; i < taken; i++) {
    const other = i + below(random, pool.length - i)
    ;[pool[i], pool[other]] = [pool[other] as T, pool[i] as T]
  }
  pool.length = taken
  return pool
}

/** Log-normal: what the latency of storage looks like. `spread` is the deviation of the logarithm. */
export function logNormal(random: Random, median: number, spread: number): number {
  if (spread === 0) return median
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()))
  return median * Math.exp(spread * radius * Math.cos(2 * Math.PI * random.next()))
}
