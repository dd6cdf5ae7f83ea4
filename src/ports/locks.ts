// What peers say to each other about locks: who keeps which, who vouches for whom, and what is held.
// `src/lock` says what it means.
import type { LockRange } from './changes.ts'
import type { Inode, PeerId, RumorHead, Stamp } from './messages.ts'

/** One life of a peer: what it held in RAM before it started again is gone. */
export type Member = {
  readonly peer: PeerId
  /** The peer's life number; grows at each start of the same identity. */
  readonly epoch: number
}

/** Who keeps locks for this mesh, as agreed on by the voters of the roll before. */
export type Roll = {
  /** Who made the first roll: two meshes that meet have two of them. */
  readonly founder: Member
  /** Each change adds one; the first is 1. */
  readonly number: number
  /** The longest-serving first: the first few are the voters. At most 16. */
  readonly keepers: readonly Member[]
  /** The keepers of the roll before this one; none of the first. */
  readonly previous: readonly Member[]
}

/** All that one peer holds of one inode. */
export type LockRecord = {
  readonly holder: Member
  readonly volume: string
  readonly inode: Inode
  readonly locks: readonly LockRange[]
}

/** Of which inode, on behalf of which life of the asker. */
export type LockPlace = {
  readonly epoch: number
  readonly volume: string
  readonly inode: Inode
}

/** The asker's lease at this keeper, 0 where it has none; and the number of what is asked. */
export type LockTurn = {
  readonly session: number
  /** Grows with each message about locks from one holder to one keeper: an older one is too late. */
  readonly sequence: number
}

/** What was changed by those who had the lock before, as far as whoever says so knows. */
export type ToldWithLock = {
  /** The newest change of the inode itself; 0 for none. */
  readonly told: Stamp
  /** Rumors that tell, with all before them, of every other change; one of each life of a publisher. */
  readonly heads: readonly RumorHead[]
}

export type LockQuestion =
  /** Which roll do you know? This is ours, if any. */
  | { readonly step: 'roll'; readonly epoch: number; readonly roll?: Roll }
  /** Make us a keeper, too. */
  | { readonly step: 'enrol'; readonly epoch: number; readonly roll: Roll }
  /** This keeper does not answer us. */
  | { readonly step: 'complain'; readonly roll: Roll; readonly about: Member }
  /** Paxos, about what comes after `roll`. */
  | { readonly step: 'prepare'; readonly roll: Roll; readonly ballot: number }
  | { readonly step: 'accept'; readonly roll: Roll; readonly ballot: number; readonly next: Roll }
  /** Is this still the newest roll? */
  | { readonly step: 'vouch'; readonly epoch: number; readonly roll: Roll }
  /** What did you keep that is ours to keep by this roll? */
  | { readonly step: 'handover'; readonly epoch: number; readonly roll: Roll }
  /** Sets or drops a lock; with `wait` answered once that is done. */
  | ({
      readonly step: 'set'
      readonly range: LockRange
      readonly wait: boolean
    } & ToldWithLock &
      LockPlace &
      LockTurn)
  | ({ readonly step: 'test'; readonly range: LockRange } & LockPlace)
  /** Tell at once what you have changed, for us too: where does it end? */
  | { readonly step: 'tell' }
  | { readonly step: 'renew'; readonly epoch: number; readonly session: number }
  /** All that we hold of these inodes is this. */
  | ({
      readonly step: 'claim'
      readonly epoch: number
      readonly records: readonly LockRecord[]
    } & LockTurn)

export type LockRefusal =
  /** Someone else keeps it by now. */
  | 'moved'
  /** This keeper does not know yet what others hold, or whether it still is one. */
  | 'later'
  /** The lease ran out: all that was held under it is lost. */
  | 'expired'
  /** A message sent after this one came before it. */
  | 'stale'
  | 'deadlock'
  /** Too many locks, or too many who wait. */
  | 'full'

export type LockAnswer =
  | { readonly type: 'roll'; readonly epoch: number; readonly roll?: Roll }
  | {
      readonly type: 'vote'
      readonly isGiven: boolean
      /** The highest ballot promised, and the one under which `accepted` was; 0 for none. */
      readonly ballot: number
      readonly acceptedBallot: number
      readonly accepted?: Roll
      /** A newer roll than the one asked about. */
      readonly roll?: Roll
    }
  | {
      readonly type: 'records'
      /** Nothing is missing from them by then; whole milliseconds. */
      readonly settledInMs: number
      /** So long others may rely on what they have leased of it: see src/lock/lease. */
      readonly leasedForMs: number
      readonly records: readonly LockRecord[]
      /** All that was said to it of what it kept; absent where it does not know all of it. */
      readonly told?: ToldWithLock
    }
  | ({
      readonly type: 'lease'
      readonly session: number
      /** From before the question was sent, for the asker; from now on, for the keeper. */
      readonly forMs: number
      /** Somebody died with a lock, and what it changed before may be untold; 0 where nobody did. */
      readonly since: Stamp
      /** Of a claim: which of its records could not be kept, by their place in it. */
      readonly refused: readonly number[]
    } & ToldWithLock)
  /** With this rumor all is told; absent where nothing ever was. */
  | { readonly type: 'told'; readonly head?: RumorHead }
  /** What stands in the way, and whose it is. */
  | { readonly type: 'conflict'; readonly holder: PeerId; readonly range: LockRange }
  /** Nothing does. */
  | { readonly type: 'free' }
  | { readonly type: 'refused'; readonly why: LockRefusal; readonly roll?: Roll }
