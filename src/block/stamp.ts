// The hybrid logical clock (Kulkarni et al., 2014): close to wall time, never backwards, and later
// than everything this node has heard of. One double holds it: milliseconds × 4096 + a counter, exact
// below 2^53, which lasts until the year 2039.
import type { Clock } from '../ports/clock.ts'
import type { Stamp } from '../ports/messages.ts'

const PER_MS = 4096

/** How far ahead of our clock another node's stamp may be before it is not believed: 1 hour. */
const MAX_AHEAD_MS = 3_600_000

export function stampAt(ms: number): Stamp {
  return Math.floor(ms) * PER_MS
}

export function msOf(stamp: Stamp): number {
  return stamp / PER_MS
}

export class HybridClock {
  readonly #clock: Clock
  #last: Stamp = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A stamp later than any given or witnessed before. */
  tick(): Stamp {
    this.#last = Math.max(this.#last + 1, stampAt(this.#clock.now()))
    return this.#last
  }

  /** Takes note of a stamp heard; false if it lies too far ahead to be honest. */
  witness(stamp: Stamp): boolean {
    if (!Number.isSafeInteger(stamp) || stamp < 0) return false
    if (msOf(stamp) > this.#clock.now() + MAX_AHEAD_MS) return false
    if (stamp > this.#last) this.#last = stamp
    return true
  }
}
