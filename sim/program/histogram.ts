// How often what took how long: counts in buckets whose width grows with the value, 16 to each doubling,
// so that a quantile is right to 4 %, whatever the range, in a few kilobytes for any number of values.

const BUCKETS_A_DOUBLING = 16
/** Below this all is one bucket: a tenth of a microsecond, in milliseconds. */
const LEAST = 1e-4
const BUCKETS = 48 * BUCKETS_A_DOUBLING

export type Quantiles = {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS)
  #count = 0
  #sum = 0
  #max = 0

  get count(): number {
    return this.#count
  }

  /** @param value milliseconds, not negative */
  add(value: number): void {
    const doublings = value <= LEAST ? 0 : Math.log2(value / LEAST)
    const bucket = Math.min(BUCKETS - 1, Math.ceil(doublings * BUCKETS_A_DOUBLING))
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    this.#count += 1
    this.#sum += value
    this.#max = Math.max(this.#max, value)
  }

  /** The value that this share (0 to 1) of all values does not exceed; 0 where there are none. */
  quantile(share: number): number {
    let left = Math.ceil(share * this.#count)
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket] as number
      if (left <= 0) {
        return bucket === 0 ? 0 : Math.min(this.#max, LEAST * 2 ** (bucket / BUCKETS_A_DOUBLING))
      }
    }
    return this.#max
  }

  summary(): Quantiles {
    const count = this.#count
    const mean = count === 0 ? 0 : this.#sum / count
    const [p50, p90, p99] = [this.quantile(0.5), this.quantile(0.9), this.quantile(0.99)]
    return { count, mean, p50, p90, p99, max: this.#max }
  }
}
