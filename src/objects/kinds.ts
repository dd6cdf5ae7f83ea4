import type { Log } from '../log/log.ts'
import type { LogKey } from '../log/log-key.ts'
import type { ObjectKey } from './operation.ts'

/** Kinds of the log's records: what an object store keeps there. */
export const KIND = {
  value: 1,
  /** The version before the last revertable change. */
  former: 2,
  /** A part of an object that is larger than a record. */
  piece: 3,
  /** A shard's part of a swap that is under way on several. */
  intent: 4,
  /** Such a swap was decided to happen. */
  decision: 5,
} as const

/** What an opening lists: all that a swap over several shards may have left. */
export const LISTED: ReadonlySet<number> = new Set([KIND.intent, KIND.decision])

/** Flags of records, those that the log leaves to us. */
export const COMPRESSED = 1
/** The payload is a table of pieces. */
export const PIECES = 2
/** A former version that was not there. */
export const NOTHING = 4

export function valueKey(log: Log, key: ObjectKey): LogKey {
  return log.key(KIND.value, key)
}

export function formerKey(log: Log, key: ObjectKey): LogKey {
  return log.key(KIND.former, key)
}

export function pieceKey(log: Log, owner: number, number: number): LogKey {
  const bytes = Buffer.alloc(10)
  bytes.writeUIntBE(owner, 0, 6)
  bytes.writeUInt32BE(number, 6)
  return log.key(KIND.piece, bytes)
}
