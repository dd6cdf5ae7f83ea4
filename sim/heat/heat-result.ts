import type { HeatInit } from '../../src/node/heat/heat-status.ts'
import type { Load } from '../load.ts'
import type { Violation } from '../watch/checker.ts'

export type HeatRunInit = {
  readonly seed: string | number
  readonly nodes: number
  /** Blocks that a node has room for. @default 64 */
  readonly blocksANode?: number
  /** The data set, as a share of the RAM of all nodes. @default 0.8 */
  readonly share?: number
  /** Files that each node draws after the first pass. @default 512 */
  readonly draws?: number
  readonly heat?: Partial<HeatInit>
  readonly onPhase?: (phase: string) => void
}

export type HeatSampleOf = {
  readonly atMs: number
  /** Nodes that know the file to be pinned, and its blocks that they hold for it, together. */
  readonly nodes: number
  readonly blocks: number
  readonly perSecond: number
}

export type HeatRunResult = {
  readonly seed: string | number
  readonly nodes: number
  readonly blocks: number
  readonly dataBytes: number
  readonly ramBytesANode: number
  /** Reads of the source for each block, in the first pass, and of all blocks in what came after. */
  readonly firstPassReads: number
  readonly laterReads: number
  /** Bytes that nodes sent after the first pass, and the busiest node's share of the mean. */
  readonly sentBytes: Load
  readonly busiest: number
  readonly draws: number
  /** From the hot file's first use until it was pinned everywhere; and after its last until nowhere. */
  readonly pinnedAfterMs: number
  readonly letGoAfterMs: number
  readonly copies: number
  readonly hotBlocks: number
  /** Blocks that were held, and then not, while it was hot; and reads of the source for it. */
  readonly lostInScan: number
  readonly hotSourceReads: number
  readonly pinCapacityBytes: number
  readonly failures: number
  readonly curve: readonly HeatSampleOf[]
  readonly violations: readonly Violation[]
  readonly virtualMs: number
  readonly events: number
  readonly hash: string
}
