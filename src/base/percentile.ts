// A moving percentile: what "slow" means now, without a constant. Keeps the newest samples in a
// ring and sorts a copy only once in a while, since it is asked far more often than it changes.
import assert from 'node:assert/strict'

export class MovingPercentile {
  readonly #samples: Float64Array
  readonly #refreshEvery: number
  #count = 0
  #sorted: Float64Array = new Float64Array(0)
  #sortedAt = -1

  /** @param size how many of the newest samples count */
  constructor(size = 512) {
    assert(size >= 16)
    this.#samples = new Float64Array(size)
    this.#refreshEvery = size >> 4
  }

  add(sample: number): void {
    this.#samples[this.#count % this.#samples.length] = sample
    this.#count += 1
  }

  get count(): number {
    return this.#count
  }

  /** The share-th quantile (0 to 1) of the newest samples; undefined below `atLeast` samples. */
  quantile(share: number, atLeast = 1): number | undefined {
    if (this.#count < Math.max(1, atLeast)) return undefined
    const isStale = this.#sortedAt < 0 || this.#count - this.#sortedAt >= this.#refreshEvery
    if (isStale || this.#count < this.#samples.length / 4) this.#refresh()
    const last = this.#sorted.length - 1
    return this.#sorted[Math.min(last, Math.floor(share * this.#sorted.length))]
  }

  #refresh(): void {
    const filled = Math.min(this.#count, this.#samples.length)
    this.#sorted = this.#samples.slice(0, filled).sort()
    this.#sortedAt = this.#count
  }
}
