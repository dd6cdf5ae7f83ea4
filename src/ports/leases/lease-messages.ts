// What peers say to each other about leases: who may use what it has cached of an inode, and who may
// change it. `src/lock/lease` says what it means. A folder of its own, because it is asked of the same
// peers as locks are, and is something else: a lock is what programs ask for, a lease what nodes need.
import type { Inode, RumorHead, Stamp } from '../messages.ts'
import type { LockRefusal, Roll } from '../locks.ts'

/** Many may read what they have cached; or one alone may change the inode, and reads it, too. */
export type LeaseKind = 'shared' | 'sole'

export type LeaseQuestion =
  | {
      readonly step: 'ask'
      readonly epoch: number
      /** The number of the roll by which the asked one is the keeper. */
      readonly roll: number
      /** The asker's at this keeper, 0 where it has none. */
      readonly session: number
      readonly kind: LeaseKind
      readonly volume: string
      readonly inodes: readonly Inode[]
      /** Waits until others have given theirs back; else only what is free now is leased. */
      readonly isPatient: boolean
    }
  | {
      readonly step: 'renew'
      readonly epoch: number
      readonly roll: number
      readonly session: number
    }
  /** From the keeper: give back what you were given at this turn. Answered once it is not used any more. */
  | {
      readonly step: 'recall'
      readonly epoch: number
      readonly volume: string
      readonly inode: Inode
      readonly turn: number
      readonly keeps: 'shared' | 'nothing'
    }

/** What an asker must know of an inode before it uses what it has cached of it. */
export type LeasedChange = {
  /** Which of the inodes that were asked for, by its place among them. */
  readonly index: number
  /** Rumors that tell of its last changes. */
  readonly heads: readonly RumorHead[]
  /** Nothing that was read before may be used; 0 for none. */
  readonly since: Stamp
}

export type LeaseAnswer =
  | {
      readonly type: 'leased'
      readonly session: number
      /** From before the question was sent, for the asker; from now on, for the keeper. */
      readonly forMs: number
      /** Grows with each answer of a session: a recall of this turn or a later one is of this. */
      readonly turn: number
      /** Of those inodes of which nothing is in `changes`. */
      readonly since: Stamp
      /** A reading of the keeper's clock: whatever is changed under this lease is changed later. */
      readonly now: Stamp
      readonly changes: readonly LeasedChange[]
      /** Those that were not free, by their place among those asked for. */
      readonly refused: readonly number[]
    }
  /** It is not used any more; this rumor, and those before it, tell of what was done under it. */
  | { readonly type: 'given'; readonly head?: RumorHead }
  | { readonly type: 'refused'; readonly why: LockRefusal; readonly roll?: Roll }
