import { Histogram } from '../base/histogram.ts'
import { MovingPercentile } from '../base/percentile.ts'

/** How long fetches from peers take: lately, for what is to be done next, and altogether. */
export class FetchTimes {
  /** Milliseconds. */
  readonly lately = new MovingPercentile()
  readonly all = new Histogram()

  add(ms: number): void {
    this.lately.add(ms)
    this.all.add(ms / 1000)
  }
}
