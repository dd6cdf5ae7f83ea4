// A moving percentile: what "slow" means now, without a constant. Keeps the newest samples in a
// ring, which grows as they come, and sorts a copy only once in a while, since a percentile moves slowly.
import assert from 'node:assert/strict'

const FIRST_SIZE = 16

export class MovingPercentile {
  readonly #size: number
  #samples = new Float64Array(FIRST_SIZE)
  #count = 0
  #sorted: Float64Array = new Float64Array(0)
  #sortedAt = 0

  /** @param size how many of the newest samples count */
  constructor(size = 512) {
    assert(size >= FIRST_SIZE)
    this.#size = size
  }

  add(sample: number): void {
    if (this.#count === this.#samples.length && this.#count < this.#size) this.#grow()
    this.#samples[this.#count % this.#samples.length] = sample
    this.#count += 1
  }

  /** The share-th quantile (0 to 1) of the newest samples; undefined below `atLeast` samples. */
  quantile(share: number, atLeast = 1): number | undefined {
    if (this.#count < Math.max(1, atLeast)) return undefined
    // Every eighth that is new.
    if ((this.#count - this.#sortedAt) * 8 >= this.#sorted.length) this.#refresh()
    const last = this.#sorted.length - 1
    return this.#sorted[Math.min(last, Math.floor(share * this.#sorted.length))]
  }

  #grow(): void {
    const grown = new Float64Array(Math.min(this.#size, this.#count * 2))
    grown.set(this.#samples)
    this.#samples = grown
  }

  #refresh(): void {
    const filled = Math.min(this.#count, this.#samples.length)
    if (this.#sorted.length !== filled) this.#sorted = new Float64Array(filled)
    this.#sorted.set(
      filled === this.#samples.length ? this.#samples : this.#samples.subarray(0, filled),
    )
    this.#sorted.sort()
    this.#sortedAt = this.#count
  }
}
