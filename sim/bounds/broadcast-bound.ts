// What no way of fetching can beat: a run's time means something only beside the time that its cluster
// allows. Each bound says what it assumes; a bound that assumed too little would flatter whoever is
// measured against it.
//
// They are arithmetic on the costs of a world and the shape of a workload, and must never look at how
// a run went.
import assert from 'node:assert/strict'

export type BroadcastShape = {
  /** The file's size. */
  readonly bytes: number
  readonly nodes: number
  /** What it is passed on in. */
  readonly blockBytes: number
  /** One node's upload, in bytes a millisecond. */
  readonly upBytesPerMs: number
}

/**
 * T* = (F/u)(1 + ⌊log2 N⌋/M): the least time in which a file of F bytes, in M blocks, that one has at
 * the start comes to all of N others whose lines carry u out and no less in (Mundinger, Weber and
 * Weiss, "Optimal scheduling of peer-to-peer file dissemination", 2008). Distance, CPU and the
 * storage cost nothing in it.
 *
 * @returns milliseconds
 */
export function broadcastBoundMs({
  bytes,
  nodes,
  blockBytes,
  upBytesPerMs,
}: BroadcastShape): number {
  assert(nodes >= 1 && blockBytes > 0 && upBytesPerMs > 0)
  const blocks = Math.max(1, Math.ceil(bytes / blockBytes))
  return (bytes / upBytesPerMs) * (1 + Math.floor(Math.log2(nodes)) / blocks)
}
