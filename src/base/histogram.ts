// How often something took how long: counts by bound, so that those of many nodes can be added up,
// and shares of any stretch of time be told from two looks. What is slow *now* is a percentile's.

/** Upper bounds in seconds: from a shard hit on the next node to a storage that hangs. */
export const BOUNDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  30,
] as const

export type Distribution = {
  /** By bound; the last place is for everything above. */
  readonly counts: readonly number[]
  readonly sumSeconds: number
  readonly count: number
}

export class Histogram implements Distribution {
  readonly counts: number[] = Array.from({ length: BOUNDS.length + 1 }, () => 0)
  sumSeconds = 0
  count = 0

  add(seconds: number): void {
    let place = BOUNDS.findIndex((bound) => seconds <= bound)
    if (place < 0) place = BOUNDS.length
    this.counts[place] = (this.counts[place] ?? 0) + 1
    this.sumSeconds += seconds
    this.count += 1
  }

  /** As it is now: it does not change with what is added later. */
  snapshot(): Distribution {
    return { counts: [...this.counts], sumSeconds: this.sumSeconds, count: this.count }
  }
}
