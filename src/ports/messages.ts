// The nouns that cross a port. Plain data, no behaviour: rooms above give them meaning, `wire/`
// gives them bytes. Paths and names are *byte strings*: one character (U+0000 to U+00FF) for each
// byte that the file system uses, so that a name which is not UTF-8 survives unchanged.

import type { Caller } from './changes.ts'
import type { Change, Made } from './writable-source.ts'
import type { HeatAnswer, HeatNews, HeatQuestion } from './heat/heat-messages.ts'
import type { LeaseAnswer, LeaseQuestion } from './leases/lease-messages.ts'
import type { DirtyAnswer, DirtyQuestion } from './dirty/dirty-messages.ts'
import type { LockAnswer, LockQuestion } from './locks.ts'

/** A peer's libp2p id, in its usual text form. */
export type PeerId = string

/** 32 bytes of the 256-bit key space as a byte string; compares and hashes fast, costs 32 bytes. */
export type Key = string

/** A hybrid logical clock's reading: milliseconds since 1970 times 4096, plus a counter. */
export type Stamp = number

/** The source's inode number in decimal; below a mount point inside the tree, `number@path of it`. */
export type Inode = string

/** One path component, as a byte string: not empty, no NUL or '/', at most 255 bytes. */
export type Name = string

/** In place of a name, which it can't be: a page's names are wanted, whatever it says of them. */
export const NAMES_ONLY: Name = '.'

/** Relative to the volume's root, as a byte string; '' is the root. Never '..', never absolute. */
export type Path = string

export type FileType = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'block' | 'character'

/** What lstat says; times are split because a double can't hold nanoseconds since 1970. */
export type Attributes = {
  readonly inode: Inode
  readonly type: FileType
  /** Permission bits, setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  readonly rdev: number
  /** Bytes. */
  readonly size: number
  /** 512-byte units really allocated. */
  readonly blocks: number
  readonly atimeSeconds: number
  readonly atimeNanos: number
  readonly mtimeSeconds: number
  readonly mtimeNanos: number
  readonly ctimeSeconds: number
  readonly ctimeNanos: number
}

export type BlockKind = 'page' | 'data' | 'xattrs'

/**
 * How far a want may go. `climb`: answer from the shard, join a fetch in flight, or ask a peer closer
 * to the key. `held`: only what the shard holds now. `source`: read the source for the asker.
 */
export type Reach = 'climb' | 'held' | 'source'

/** Which block it is, whatever its state: what its key is made of. */
export type Identity = {
  readonly volume: string
  readonly kind: BlockKind
  readonly inode: Inode
  /** data: offset ÷ block size. page: 0 is the head page, 1 to `splits` the parts of a large one. */
  readonly index: number
  /** page: how many parts the directory is split into, 0 where the head page holds all. Else 0. */
  readonly splits: number
}

/** One block asked for. */
export type Want = Identity & {
  /** Where the source finds the inode: a hint, believed only if the inode found there matches. */
  readonly path: Path
  /**
   * page: the one name that the page must be able to answer, with its attributes if it is there;
   * NAMES_ONLY where the names alone will do; absent where every name's attributes are wanted.
   */
  readonly name?: Name | undefined
  /** data: the version of the file (see block/version.ts) that the asker's attributes have. Else 0. */
  readonly version: number
  /** A copy stamped before this is a miss. */
  readonly floor: Stamp
  readonly reach: Reach
}

/** One cached thing. `checksum` was made where the bytes were read from the source. */
export type Block = {
  readonly stamp: Stamp
  readonly version: number
  readonly checksum: number
  readonly bytes: Uint8Array
}

export type Answer =
  /** With a page comes what its sender knows to have changed in the directory since it was read. */
  | { readonly type: 'block'; readonly block: Block; readonly news?: readonly Invalidation[] }
  /** Over the upload budget: ask one of these, which were served this block a moment ago. */
  | { readonly type: 'busy'; readonly referrals: readonly PeerId[] }
  /** `held` was asked for and the shard has no such copy. */
  | { readonly type: 'missing' }
  /** The file on the source is no longer the version that was wanted; these are its attributes now. */
  | { readonly type: 'changed'; readonly attributes: Attributes; readonly stamp: Stamp }

/** What is so since a change, where it is known: then nothing need be dropped and asked for again. */
export type News =
  /** In the directory, this name leads to the entry now, or nowhere. `by` made the change. */
  | {
      readonly type: 'name'
      readonly name: Name
      readonly by: PeerId
      /** The directory's own ctime when this was so. */
      readonly changed: Pick<Attributes, 'ctimeSeconds' | 'ctimeNanos'>
      readonly entry?: NewsEntry
    }
  /** These are the inode's attributes now; `isContent`: its bytes may have changed, too. */
  | { readonly type: 'attributes'; readonly attributes: Attributes; readonly isContent: boolean }
  | DirtyNews

/** `by` has bytes of the inode that the source has not, or (`isDirty` false) has them no more. */
export type DirtyNews = {
  readonly type: 'dirty'
  readonly by: PeerId
  /** See dirty-messages.ts. */
  readonly session: number
  /** Who else has them; absent where nobody does. */
  readonly copy?: PeerId
  readonly isDirty: boolean
}

export type NewsEntry = { readonly attributes: Attributes; readonly target?: string }

/**
 * A change that everyone must hear of. `inode` '*' stands for the whole volume. Without news, all
 * that is known of the inode is out of date.
 */
export type Invalidation = {
  readonly volume: string
  readonly inode: Inode
  readonly stamp: Stamp
  /** So long before its stamp the change may have been made; whole milliseconds. @default 0 */
  readonly tookMs?: number
  readonly news?: News
}

/** One publisher's numbered rumor. `epoch` is the publisher's life number; numbers start at 1. */
export type Rumor = {
  readonly publisher: PeerId
  readonly epoch: number
  readonly number: number
  readonly invalidations: readonly Invalidation[]
}

/** The newest rumor number known of one publisher. */
export type RumorHead = Pick<Rumor, 'publisher' | 'epoch' | 'number'>

/** What all nodes of a volume must agree on. */
export type VolumeDescription = {
  readonly volume: string
  readonly blockBytes: number
  readonly hasSource: boolean
}

/** What one peer may ask another. */
export type Request =
  | { readonly type: 'want'; readonly want: Want }
  /** Which of these keys (at most 1,024) does your shard hold? */
  | { readonly type: 'holding'; readonly keys: readonly Key[] }
  | { readonly type: 'describe'; readonly volume: string }
  /** The rumors of one publisher numbered `from` to `to`, both included. */
  | {
      readonly type: 'repair'
      readonly publisher: PeerId
      readonly epoch: number
      readonly from: number
      readonly to: number
    }
  /** The newest rumor numbers you know. */
  | { readonly type: 'heads' }
  /**
   * Make this change of the source for us. The same session and number are the same change, however
   * often it is asked for: it is made once, and answered alike.
   */
  | {
      readonly type: 'change'
      readonly volume: string
      readonly session: number
      readonly number: number
      readonly caller: Caller
      readonly change: Change
    }
  /** Can you change the source of this volume? `done`, or NO_SOURCE. */
  | { readonly type: 'changes'; readonly volume: string }
  /** Read these paths into your shard (a job of its own; the reply says it has begun). */
  | {
      readonly type: 'warm'
      readonly volume: string
      readonly paths: readonly Path[]
      /** The trace to read instead of paths; '' for none. */
      readonly trace: string
    }
  /** Which access traces do you know? */
  | { readonly type: 'traces' }
  /** One of them; answered by a block, whose bytes it is, or by `missing`. */
  | { readonly type: 'trace'; readonly volume: string; readonly name: string }
  | { readonly type: 'lock'; readonly question: LockQuestion }
  | { readonly type: 'heat'; readonly question: HeatQuestion }
  | { readonly type: 'lease'; readonly question: LeaseQuestion }
  | { readonly type: 'dirty'; readonly question: DirtyQuestion }
  /** Keep this for us: there is no room for it at its home. `done`, BUSY or CORRUPT. */
  | { readonly type: 'keep'; readonly of: Identity; readonly block: Block }

export type Reply =
  | { readonly type: 'answer'; readonly answer: Answer }
  | { readonly type: 'held'; readonly held: readonly boolean[] }
  | { readonly type: 'description'; readonly description: VolumeDescription }
  | { readonly type: 'rumors'; readonly rumors: readonly Rumor[] }
  | { readonly type: 'heads'; readonly heads: readonly RumorHead[] }
  | { readonly type: 'traces'; readonly traces: readonly TraceNotice[] }
  | { readonly type: 'done' }
  | { readonly type: 'made'; readonly epoch: number; readonly made: Made }
  | { readonly type: 'lock'; readonly answer: LockAnswer }
  | { readonly type: 'heat'; readonly answer: HeatAnswer }
  | { readonly type: 'lease'; readonly answer: LeaseAnswer }
  | { readonly type: 'dirty'; readonly answer: DirtyAnswer }
  /** The request failed there; `code` is an ErrorCode. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string }

/** That there is an access trace, and what it must be to be believed. */
export type TraceNotice = {
  readonly volume: string
  readonly name: string
  /** Milliseconds since 1970; of two of one name the later counts. */
  readonly recordedMs: number
  /** Its length; 0 where it was deleted. */
  readonly bytes: number
  readonly checksum: number
}

/** What travels over gossip: rumors, and heartbeats which tell that a last rumor was lost. */
export type Gossip =
  | { readonly type: 'rumor'; readonly rumor: Rumor }
  | { readonly type: 'heartbeat'; readonly head: RumorHead }
  | { readonly type: 'trace'; readonly publisher: PeerId; readonly notice: TraceNotice }
  | { readonly type: 'heat'; readonly publisher: PeerId; readonly news: HeatNews }
