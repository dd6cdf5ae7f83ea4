// What peers say to each other about heat: how often inodes are used, which are pinned because of it,
// and which because somebody said so. `src/heat` says what it means. It must never be believed further
// than bounds allow: a rate is a hint, and a pin takes no more than the share of RAM set aside for pins.
import type { Inode, Path } from '../messages.ts'

/** How often an inode is used by all nodes that report through the sender. */
export type InodeRate = {
  readonly inode: Inode
  /** Where it was last seen. */
  readonly path: Path
  /** Accesses a second, an exponentially weighted moving average. */
  readonly perSecond: number
}

/** A file that every node is to hold its part of. */
export type PinnedFile = InodeRate & {
  /** Bytes. */
  readonly size: number
  /** Which state of the file, see block/version.ts. */
  readonly version: number
  /** Each block is held by so many of the nodes closest to its key; 0: pinned no longer. */
  readonly copies: number
}

/** That a path is to stay pinned, with all below it, or no longer. */
export type PinWish = {
  readonly volume: string
  readonly path: Path
  readonly isPinned: boolean
  /** Milliseconds since 1970; of two of one path the later counts. */
  readonly wishedMs: number
}

/** Why a file is pinned: it is hot, or lies where somebody wished it. */
export type PinCause = 'heat' | 'wish'

export type HeatQuestion =
  /** This is how often these are used here: how often in the whole mesh? */
  | { readonly step: 'rates'; readonly volume: string; readonly rates: readonly InodeRate[] }
  /** What did people wish? */
  | { readonly step: 'wishes' }

export type HeatAnswer =
  /** Accesses a second in the whole mesh as far as known, in the order of the question. */
  | { readonly step: 'rates'; readonly perSecond: readonly number[] }
  | { readonly step: 'wishes'; readonly wishes: readonly PinWish[] }

/** What everybody is told. */
export type HeatNews =
  /** The sender keeps the rates of these files. They stay pinned so long unless said again. */
  | {
      readonly step: 'pins'
      readonly volume: string
      readonly cause: PinCause
      readonly forMs: number
      readonly files: readonly PinnedFile[]
    }
  | { readonly step: 'wish'; readonly wish: PinWish }
