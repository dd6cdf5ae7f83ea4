// How many copies a file of this heat is to have: none below one threshold, one from a second, higher
// one on, and twice as many each time it is used four times as often. The square root of how often things are
// asked for is the number of their copies that costs a mesh least (Cohen and Shenker, 2002): as many as uses
// would take all room from what is less hot. Between the thresholds everything stays as it is, for pins
// that come and go cost more than they save.

export type Thresholds = {
  /** Accesses a second in the whole mesh from which on a file is pinned. */
  readonly pinAbove: number
  /** Below this it is let go. At most `pinAbove`. */
  readonly unpinBelow: number
}

/** @param before how many it has now; 0 where it is not pinned */
export function copiesFor(
  perSecond: number,
  before: number,
  { pinAbove, unpinBelow }: Thresholds,
): number {
  if (perSecond < unpinBelow || (before === 0 && perSecond < pinAbove)) return 0
  const wanted = 2 ** Math.floor(Math.log2(Math.max(1, Math.sqrt(perSecond / pinAbove))))
  if (wanted >= before) return wanted
  // Fewer only where it would also stay pinned at that: the same gap as between the thresholds.
  const least = 2 ** Math.ceil(Math.log2(Math.max(1, Math.sqrt(perSecond / unpinBelow))))
  return Math.min(before, Math.max(1, least))
}
