import { crc32 } from 'node:zlib'
import { roundUp } from './layout.ts'

export const HEAD_BYTES = 32
export const MOST_KEY_BYTES = 1024
/** Of one record's payload; what is larger is the business of who stores it. */
export const MOST_PAYLOAD_BYTES = 1024 * 1024

/** Bits of a record's flags; those below 16 belong to whoever stores it. */
export const TOMBSTONE = 64
/** Packed tight with its neighbours, though it then touches a sector more than it must. */
export const COMPACT = 128

/** What a record says of itself before its payload. */
export type RecordHead = {
  /** What sort of thing is stored; part of the key. */
  readonly kind: number
  readonly flags: number
  /** The commit that wrote it; it stays when the record is moved. */
  readonly version: number
  /** The stored thing that this one belongs to or owns others by; 0 for none. */
  readonly owner: number
  readonly key: Uint8Array
  /** Another key, where this record names one to be read next; empty for none. */
  readonly next: Uint8Array
  readonly payloadBytes: number
  readonly payloadChecksum: number
}

/** Bytes on disk, padding included. */
export function recordBytes(
  { key, next, payloadBytes }: Pick<RecordHead, 'key' | 'next' | 'payloadBytes'>,
  grainBytes: number,
): number {
  return roundUp(HEAD_BYTES + key.length + next.length + payloadBytes, grainBytes)
}

/** Bytes before the payload. */
export function headBytes({ key, next }: Pick<RecordHead, 'key' | 'next'>): number {
  return HEAD_BYTES + key.length + next.length
}

/** Writes what stands before the payload. */
export function writeHead(into: Buffer, head: RecordHead, generation: number): void {
  into.writeUInt32LE(head.payloadChecksum, 4)
  into.writeUInt32LE(head.payloadBytes, 8)
  into.writeUInt16LE(head.key.length, 12)
  into.writeUInt16LE(head.next.length, 14)
  into[16] = head.kind
  into[17] = head.flags
  into.writeUInt16LE(0, 18)
  into.writeUIntLE(head.version, 20, 6)
  into.writeUIntLE(head.owner, 26, 6)
  into.set(head.key, HEAD_BYTES)
  into.set(head.next, HEAD_BYTES + head.key.length)
  into.writeUInt32LE(checksumOfHead(into, headBytes(head), generation), 0)
}

function checksumOfHead(bytes: Buffer, length: number, generation: number): number {
  return crc32(bytes.subarray(4, length), generation >>> 0)
}

/**
 * Reads a head. `key` and `next` share the bytes given. Undefined where it is damaged, of another
 * life of its zone, or not wholly within the bytes; `bytesNeeded` says if more would help.
 */
export function readHead(bytes: Buffer, generation: number): RecordHead | undefined {
  const needed = bytesNeeded(bytes)
  if (needed === undefined || needed > bytes.length) return undefined
  if (bytes.readUInt32LE(0) !== checksumOfHead(bytes, needed, generation)) return undefined
  const keyEnd = HEAD_BYTES + bytes.readUInt16LE(12)
  return {
    kind: bytes[16] ?? 0,
    flags: bytes[17] ?? 0,
    version: bytes.readUIntLE(20, 6),
    owner: bytes.readUIntLE(26, 6),
    key: bytes.subarray(HEAD_BYTES, keyEnd),
    next: bytes.subarray(keyEnd, needed),
    payloadBytes: bytes.readUInt32LE(8),
    payloadChecksum: bytes.readUInt32LE(4),
  }
}

/** How long the head is that begins here; undefined where that can't be one. */
export function bytesNeeded(bytes: Buffer): number | undefined {
  if (bytes.length < HEAD_BYTES) return undefined
  const key = bytes.readUInt16LE(12)
  const next = bytes.readUInt16LE(14)
  const isPossible =
    key <= MOST_KEY_BYTES && next <= MOST_KEY_BYTES && bytes.readUInt32LE(8) <= MOST_PAYLOAD_BYTES
  return isPossible ? HEAD_BYTES + key + next : undefined
}

export function payloadChecksum(payload: Uint8Array): number {
  return crc32(payload)
}
