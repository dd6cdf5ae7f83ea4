import type { Clock } from '../../src/ports/clock.ts'

export type Time = { readonly seconds: number; readonly nanos: number }

/** A time for every change, none like the one before. */
export class ChangeTimes {
  readonly #clock: Clock
  #lastMs = 0
  #tie = 0
  #given = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get given(): number {
    return this.#given
  }

  next(): Time {
    this.#given += 1
    const ms = this.#clock.now()
    this.#tie = ms === this.#lastMs ? this.#tie + 1 : 0
    this.#lastMs = ms
    const nanos = Math.floor((ms % 1000) * 1e6) + this.#tie
    return { seconds: Math.floor(ms / 1000) + Math.floor(nanos / 1e9), nanos: nanos % 1e9 }
  }
}
