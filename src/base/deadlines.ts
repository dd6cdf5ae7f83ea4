// Deadlines of which nearly none is ever reached: whoever waits for something gives its deadline up as
// soon as that has come, thousands of times a second. One timer of the clock serves them all, set for
// the earliest; it may wake for one that was given up, and then looks for the next.
//
// It must never call anyone before its time, nor twice.
import type { Clock } from '../ports/clock.ts'

/** Who waits; in one list of deadlines at a time. */
export type Waiting = {
  /** Where it stands there; NOWHERE at first, and from then on the list's own affair. */
  place: number
  /** Its time has come. */
  due(): void
}

export const NOWHERE = -1

export class Deadlines {
  readonly #clock: Clock
  /** In no order: the last takes the place of who leaves. */
  readonly #waiting: Waiting[] = []
  /** When each of them is due. */
  readonly #dueMs: number[] = []
  #timerMs = Infinity
  #cancelTimer: (() => void) | undefined
  #isStopped = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiting.length
  }

  /** Calls `due` once, so many milliseconds from now. It must not be waiting already. */
  set(waiting: Waiting, delayMs: number): void {
    const dueMs = this.#clock.now() + delayMs
    waiting.place = this.#waiting.push(waiting) - 1
    this.#dueMs.push(dueMs)
    if (dueMs < this.#timerMs) this.#wakeAt(dueMs)
  }

  /** Gives a deadline up, if there is one. */
  drop(waiting: Waiting): void {
    const { place } = waiting
    if (place === NOWHERE) return
    waiting.place = NOWHERE
    const [last, lastMs] = [this.#waiting.pop(), this.#dueMs.pop()]
    if (last !== undefined && lastMs !== undefined && last !== waiting) {
      this.#waiting[place] = last
      this.#dueMs[place] = lastMs
      last.place = place
    }
    if (this.#isStopped && this.#waiting.length === 0) this.#sleep()
  }

  /** From now on no timer is kept for nobody; those who wait are called all the same. */
  stop(): void {
    this.#isStopped = true
    if (this.#waiting.length === 0) this.#sleep()
  }

  #wakeAt(ms: number): void {
    this.#sleep()
    this.#timerMs = ms
    this.#cancelTimer = this.#clock.after(ms - this.#clock.now(), () => this.#wake())
  }

  #sleep(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#timerMs = Infinity
  }

  #wake(): void {
    this.#sleep()
    const now = this.#clock.now()
    // Whoever is called may set or give up any of them.
    const due = this.#waiting.filter((_, place) => (this.#dueMs[place] as number) <= now)
    for (const waiting of due) {
      if (waiting.place === NOWHERE) continue
      this.drop(waiting)
      waiting.due()
    }
    const next = this.#dueMs.reduce((least, ms) => Math.min(least, ms), Infinity)
    if (next < this.#timerMs) this.#wakeAt(next)
  }
}
