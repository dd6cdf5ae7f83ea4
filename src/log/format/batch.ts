import { isSealed, seal } from './seal.ts'

export const BATCH_HEAD_BYTES = 64
/** 'PBAT' */
const MAGIC = 0x54414250

export type BatchHead = {
  readonly generation: number
  /** Its place in the order of all batches. */
  readonly number: number
  /** With the head and the padding. */
  readonly bytes: number
  readonly records: number
  /** Every batch up to this one was durable when this one was written. */
  readonly durable: number
  /** The newest there was, whatever the records in here have. */
  readonly version: number
}

export function writeBatchHead(into: Buffer, head: BatchHead): void {
  into.fill(0, 0, BATCH_HEAD_BYTES)
  into.writeUIntLE(head.generation, 8, 6)
  into.writeUIntLE(head.number, 16, 6)
  into.writeUInt32LE(head.bytes, 24)
  into.writeUInt32LE(head.records, 28)
  into.writeUIntLE(head.durable, 32, 6)
  into.writeUIntLE(head.version, 40, 6)
  seal(into.subarray(0, BATCH_HEAD_BYTES), MAGIC)
}

/** Undefined where no batch of this life of the zone, or of any without `generation`, begins. */
export function readBatchHead(bytes: Buffer, generation?: number): BatchHead | undefined {
  if (bytes.length < BATCH_HEAD_BYTES) return undefined
  if (!isSealed(bytes.subarray(0, BATCH_HEAD_BYTES), MAGIC)) return undefined
  const found = bytes.readUIntLE(8, 6)
  if (generation !== undefined && found !== generation) return undefined
  return {
    generation: found,
    number: bytes.readUIntLE(16, 6),
    bytes: bytes.readUInt32LE(24),
    records: bytes.readUInt32LE(28),
    durable: bytes.readUIntLE(32, 6),
    version: bytes.readUIntLE(40, 6),
  }
}
