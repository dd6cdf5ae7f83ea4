// The newest rumors of one publisher: which numbers were heard, which are missing.
import type { Rumor } from '../ports/messages.ts'

/** How many rumors of a publisher are kept for others who missed them. */
export const KEPT = 512

export class PublisherLog {
  readonly epoch: number
  /** All numbers up to this one were heard, or given up on. */
  #contiguous = 0
  #newest = 0
  readonly #rumors = new Map<number, Rumor>()

  constructor(epoch: number) {
    this.epoch = epoch
  }

  /** The newest number known to exist, heard or not. */
  get newest(): number {
    return this.#newest
  }

  get isEmpty(): boolean {
    return this.#newest === 0
  }

  /** True where the rumor is new here. */
  add(rumor: Rumor): boolean {
    if (rumor.number <= this.#contiguous || this.#rumors.has(rumor.number)) return false
    this.#rumors.set(rumor.number, rumor)
    this.noteNewest(rumor.number)
    this.#advance()
    return true
  }

  noteNewest(number: number): void {
    this.#newest = Math.max(this.#newest, number)
  }

  /** The first run of numbers that are missing, or undefined. */
  gap(): { readonly from: number; readonly to: number } | undefined {
    const from = this.#contiguous + 1
    if (from > this.#newest) return undefined
    let to = from
    while (to < this.#newest && !this.#rumors.has(to + 1)) to += 1
    return { from, to }
  }

  /** Counts everything up to `number` as heard. */
  skipTo(number: number): void {
    this.#contiguous = Math.max(this.#contiguous, number)
    this.noteNewest(number)
    this.#advance()
  }

  range(from: number, to: number): Rumor[] {
    const found: Rumor[] = []
    const oldest = Math.max(from, this.#newest - KEPT + 1)
    for (let number = oldest; number <= Math.min(to, this.#newest); number++) {
      const rumor = this.#rumors.get(number)
      if (rumor !== undefined) found.push(rumor)
    }
    return found
  }

  #advance(): void {
    while (this.#rumors.has(this.#contiguous + 1)) this.#contiguous += 1
    for (const number of this.#rumors.keys()) {
      if (number > this.#newest - KEPT) break
      this.#rumors.delete(number)
      this.#contiguous = Math.max(this.#contiguous, number)
    }
  }
}
