import type { MovingPercentile } from '../base/percentile.ts'

/** What is slow: so many times what this share of the newest fetches took, but never below `minMs`. */
export type Hedging = {
  readonly percentile: number
  readonly factor: number
  readonly minMs: number
}

/**
 * Where a tenth of 64 nodes is slow, the last one has 64 MiB after 339 ms with 0.8, 423 with 0.95 and 303
 * with 0.5; where nobody is, 1 % more is asked for than with 0.95, and 2 % with 0.5.
 */
export const HEDGING: Hedging = { percentile: 0.8, factor: 3, minMs: 50 }
/** Before enough fetches were timed to know better. */
const UNKNOWN_MS = 250
const SAMPLES_MIN = 16

/** After how long without an answer a second peer is asked beside the first. */
export function hedgeAfterMs(latencies: MovingPercentile, hedging: Hedging): number {
  const { percentile, factor, minMs } = hedging
  const usual = latencies.quantile(percentile, SAMPLES_MIN)
  return usual === undefined ? UNKNOWN_MS : Math.max(minMs, usual * factor)
}
