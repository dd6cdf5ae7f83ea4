// What the protocol is tuned by: constants of other rooms that the simulator sweeps to choose their
// values. Nobody else sets them: a node that runs with others than its peers' is correct all the same,
// only not as fast.
import { NAMES_A_PAGE } from '../authority/directory-pages.ts'
import { HEDGING, type Hedging } from '../fetch/hedging.ts'
import { CHOICES, PREFIX_BITS_A_HOP } from '../placement/peer-table.ts'
import type { NodeInit } from './mesh-node.ts'

export type Tuning = {
  /** How many bits of a key's prefix one hop gains: 2^bits is about the fan-out of a key's tree. */
  readonly prefixBits: number
  /** Of how many peers of one prefix the one is asked that has least to do for this node. */
  readonly choices: number
  /** Directories with more names than this are split. */
  readonly namesAPage: number
  readonly hedging: Hedging
  /**
   * Bytes waiting to be sent above which a want is referred to peers that were served before, where
   * there are any. Small, so that the load of peers that are home to many keys moves to the others.
   */
  readonly referralBytes: number
  /** Bytes waiting to be sent above which every want is referred, or put off. */
  readonly uploadBudgetBytes: number
}

export const TUNING: Tuning = {
  prefixBits: PREFIX_BITS_A_HOP,
  choices: CHOICES,
  namesAPage: NAMES_A_PAGE,
  hedging: HEDGING,
  referralBytes: 8 * 1024 * 1024,
  uploadBudgetBytes: 16 * 1024 * 1024,
}

export type TunedInit = NodeInit & { readonly tuning?: Partial<Tuning> }

const READ_AHEAD_BYTES = 32 * 1024 * 1024

/**
 * Read-ahead inside a file, in bytes. A broadcast gains up to 64 MiB (2.3 times the bound at 8 MiB, 1.8 at
 * 32, 1.7 at 64); but what is read ahead must not push out of a small shard what is about to be read.
 */
export function readAheadFor(ramBytes: number): number {
  return Math.min(READ_AHEAD_BYTES, ramBytes / 8)
}
