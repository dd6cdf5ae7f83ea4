// Keys and bytes with compare-and-swap, over one or several logs. What can be asked, and answered,
// is plain data, so that an operation may come from a program in this process, another thread or a
// socket, and be done by whichever shard has the key.
//
// This room must never let half of a swap be seen, nor answer before what the answer promises holds.
import { PotluckError } from '../base/errors.ts'
import type { Durability } from '../log/changes.ts'

/** Up to 1 KiB of bytes; a number is 8 bytes, big-endian. */
export type ObjectKey = Uint8Array

export const MOST_KEY_BYTES = 1024
/** 4 GiB. */
export const MOST_OBJECT_BYTES = 2 ** 32
/** Of one answer, and of the bytes of one write; what is larger goes in parts. */
export const MOST_ANSWER_BYTES = 1024 * 1024
export const MOST_SWAPPED_KEYS = 64
export const MOST_RANGES = 1024
export const MOST_FOLLOWED = 256
export const MOST_LISTED = 1024

/** What a write or an append may say besides its bytes. */
export type WriteOptions = {
  /** The caller has compressed the bytes: kept and given back with them. */
  readonly isCompressed?: boolean
  /** Pack it tight with others from the beginning. */
  readonly isCompact?: boolean
  /** Keep the former version until it is released. */
  readonly isRevertable?: boolean
  /** The version that must be there; 0 for none. */
  readonly expected?: number | undefined
  /** When it is acknowledged (default: in the kernel's hands). */
  readonly durability?: Durability
  /** The key of the record that `readFollow` reads after this one. */
  readonly next?: ObjectKey
}

export type SwapChange = {
  readonly key: ObjectKey
  readonly expected: number
  /** Undefined deletes. */
  readonly bytes?: Uint8Array | undefined
}

export type ByteRange = { readonly from: number; readonly length: number }

/** One key's, and so one shard's. */
export type KeyOperation =
  | { readonly type: 'read'; readonly key: ObjectKey }
  | {
      readonly type: 'readRange'
      readonly key: ObjectKey
      readonly ranges: readonly ByteRange[]
      readonly expected?: number | undefined
    }
  | {
      readonly type: 'write' | 'append'
      readonly key: ObjectKey
      readonly bytes: Uint8Array
      readonly options: WriteOptions
    }
  | {
      readonly type: 'delete'
      readonly key: ObjectKey
      readonly options: Pick<WriteOptions, 'expected' | 'durability' | 'isRevertable'>
    }
  | {
      readonly type: 'revert' | 'release'
      readonly key: ObjectKey
      readonly options: Pick<WriteOptions, 'durability'>
    }
  | { readonly type: 'compare'; readonly key: ObjectKey; readonly version: number }
  | { readonly type: 'verify' | 'stat'; readonly key: ObjectKey }
  /** An object in parts, seen by nobody until it is finished. */
  | { readonly type: 'begin'; readonly key: ObjectKey }
  | {
      readonly type: 'part'
      readonly key: ObjectKey
      readonly stream: number
      readonly bytes: Uint8Array
    }
  | {
      readonly type: 'finish'
      readonly key: ObjectKey
      readonly stream: number
      readonly options: WriteOptions
    }
  | { readonly type: 'abandon'; readonly key: ObjectKey; readonly stream: number }

/** What the store does with several shards, or all. */
export type StoreOperation =
  | {
      readonly type: 'swap'
      readonly changes: readonly SwapChange[]
      readonly durability?: Durability
    }
  | { readonly type: 'readFollow'; readonly key: ObjectKey; readonly most: number }
  | {
      readonly type: 'list'
      readonly prefix: Uint8Array
      /** Where the page before ended. */
      readonly after?: number | undefined
      readonly most: number
    }
  | { readonly type: 'flush' }
  | { readonly type: 'statAll' }

/** What one shard is asked while several are in one swap. */
export type PartOperation =
  | { readonly type: 'prepare'; readonly swap: Uint8Array; readonly changes: readonly SwapChange[] }
  | { readonly type: 'decide' | 'apply' | 'abort' | 'forget'; readonly swap: Uint8Array }
  | { readonly type: 'isDecided'; readonly swap: Uint8Array }
  | { readonly type: 'recover' }

export type Operation = KeyOperation | StoreOperation
export type ShardOperation =
  | KeyOperation
  | Exclude<StoreOperation, { type: 'readFollow' }>
  | PartOperation

export type ObjectRecord = {
  readonly key: ObjectKey
  readonly version: number
  /** Of the whole object; `bytes` are fewer where it is larger than an answer. */
  readonly size: number
  readonly isCompressed: boolean
  readonly next: ObjectKey
  readonly bytes: Uint8Array
}

export type ShardStat = {
  readonly records: number
  readonly liveBytes: number
  readonly capacityBytes: number
  readonly indexBytes: number
  readonly writtenBytes: number
  readonly syncs: number
  readonly zonesCollected: number
  readonly freeZones: number
  readonly zones: number
}

export type Answer =
  | { readonly type: 'record'; readonly record: ObjectRecord }
  | { readonly type: 'chain'; readonly records: readonly ObjectRecord[] }
  | {
      readonly type: 'ranges'
      readonly version: number
      readonly size: number
      readonly parts: readonly Uint8Array[]
    }
  | { readonly type: 'done'; readonly version: number }
  | { readonly type: 'absent' }
  /** Nothing was done: `version` is what is there, of the first of the changes that did not fit. */
  | { readonly type: 'mismatch'; readonly change: number; readonly version: number }
  /** One of the keys is in a swap that is under way. */
  | { readonly type: 'busy' }
  | { readonly type: 'truth'; readonly isTrue: boolean; readonly version: number }
  | {
      readonly type: 'stat'
      readonly version: number
      readonly size: number
      readonly isCompressed: boolean
      readonly isRevertable: boolean
    }
  | { readonly type: 'stream'; readonly stream: number }
  | {
      readonly type: 'page'
      readonly keys: readonly { readonly key: ObjectKey; readonly version: number }[]
      readonly next?: number | undefined
    }
  | { readonly type: 'shards'; readonly shards: readonly ShardStat[] }
  /** What a crash left: swaps of which the shard has a part, and those whose decision it has. */
  | {
      readonly type: 'swaps'
      readonly swaps: readonly Uint8Array[]
      readonly decided: readonly Uint8Array[]
    }

/** What was expected is not what is there. */
export class MismatchError extends PotluckError {
  /** Of the key as it is now; 0 for none. */
  readonly version: number

  constructor(version: number) {
    super('MISMATCH', `the version now is ${version}`)
    this.version = version
  }
}

/** Something that does operations: a shard here, one in another thread, or all of them together. */
export interface Performer<Asked> {
  /** @throws PotluckError TOO_LARGE, ENOSPC, CORRUPT, EIO, CLOSED, EINVAL (no such stream) */
  perform(operation: Asked): Promise<Answer>
}
