// The hybrid logical clock (Kulkarni et al., 2014): close to wall time, never backwards, and later
// than everything this node has heard of. One double holds it: milliseconds × 4096 + a counter, exact
// below 2^53, which lasts until the year 2039.
import type { Clock } from '../ports/clock.ts'
import type { Stamp } from '../ports/messages.ts'

const PER_MS = 4096

/**
 * How far the clocks of two nodes may be apart, and every change that somebody tells of is still seen by
 * all who have heard of it. Half a second: where nodes keep time at all, it is milliseconds.
 */
export const SKEW_MS = 500

/** How far ahead of our clock another node's stamp may be before it is not believed: 1 hour. */
const MAX_AHEAD_MS = 3_600_000

export function stampAt(ms: number): Stamp {
  return Math.floor(ms) * PER_MS
}

export function msOf(stamp: Stamp): number {
  return stamp / PER_MS
}

/**
 * How fresh a reading of the source must be that is newer than what was told at this stamp.
 *
 * A home whose clock is ahead may have stamped a reading later than the stamp of a change that came
 * after it, on a node whose clock is behind. So the floor lies above the stamp by as much as the two
 * may be apart, and what is read for a floor is stamped with the floor itself where the clock has not come
 * that far. Clocks don't learn of that advance (`witnessReading`), or each change would add to it.
 */
export function floorOf(told: Stamp): Stamp {
  return told + SKEW_MS * PER_MS
}

/** The stamp to tell a change with that a reading has shown: the reading itself is new enough. */
export function toldBy(reading: Stamp): Stamp {
  return Math.max(0, reading - SKEW_MS * PER_MS)
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

  /** The stamp of what is read off the source from now on, for who asked with this floor. */
  reading(floor: Stamp): Stamp {
    const isHonest = this.witnessReading(floor)
    return Math.max(this.tick(), isHonest ? floor : 0)
  }

  /** As `witness`, of the stamp of a reading or a floor: what is told from now on goes above it. */
  witnessReading(stamp: Stamp): boolean {
    return this.witness(stamp > 0 ? toldBy(stamp) : stamp)
  }
}
