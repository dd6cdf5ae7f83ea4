// A block that is lent: it goes to a peer with room, to be kept there for its home (`fetch/lending`).
// Beside writes the one request that carries bytes, and no more than those: no larger block is lent.
// It must never accept what it would not write itself; whether block and key belong together, only
// who is handed the block later can tell.
import type { Block, Key } from '../../ports/messages.ts'
import { readBytes, writeBytes } from '../change/parts.ts'
import * as fields from '../fields.ts'
import * as limits from '../limits.ts'
import type { ByteReader } from '../reader.ts'
import type { ByteWriter } from '../writer.ts'

type Keep = { readonly key: Key; readonly block: Block }

/** @throws PotluckError TOO_LARGE */
export function writeKeep(writer: ByteWriter, { key, block }: Keep): void {
  writer.fixed(key, limits.KEY_BYTES)
  writer.f64(block.stamp)
  writer.f64(block.version)
  writer.f64(block.checksum)
  writeBytes(writer, block.bytes, limits.MAX_WRITE_BYTES)
}

export function readKeep(reader: ByteReader): Keep {
  const key = reader.fixed(limits.KEY_BYTES)
  const stamp = fields.readStamp(reader)
  const version = reader.f64()
  const checksum = reader.f64()
  const bytes = readBytes(reader, limits.MAX_WRITE_BYTES)
  return { key, block: { stamp, version, checksum, bytes } }
}
