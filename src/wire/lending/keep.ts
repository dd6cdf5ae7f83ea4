// A block that is lent: it goes to a peer with room, to be kept there for its home (`fetch/lending`).
// Beside writes the one request that carries bytes, and no more than those: no larger block is lent.
// It says which block it is, not only its key: a keeper that could not tell a page from data could not
// check it either. It must never accept what it would not write itself.
import type { Block, Identity } from '../../ports/messages.ts'
import { readBytes, writeBytes } from '../change/parts.ts'
import * as fields from '../fields.ts'
import * as limits from '../limits.ts'
import { type ByteReader, malformed } from '../reader.ts'
import type { ByteWriter } from '../writer.ts'
import { readIdentity, writeIdentity } from './identity.ts'

type Keep = { readonly of: Identity; readonly block: Block }

/** @throws PotluckError TOO_LARGE */
export function writeKeep(writer: ByteWriter, { of, block }: Keep): void {
  writeIdentity(writer, of)
  writer.f64(block.stamp)
  writer.f64(block.version)
  writer.f64(block.checksum)
  writeBytes(writer, block.bytes, limits.MAX_WRITE_BYTES)
}

export function readKeep(reader: ByteReader): Keep {
  const { of, bits } = readIdentity(reader)
  if (bits !== 0) throw malformed('a block to keep has a reach')
  const stamp = fields.readStamp(reader)
  const version = reader.f64()
  const checksum = reader.f64()
  const bytes = readBytes(reader, limits.MAX_WRITE_BYTES)
  return { of, block: { stamp, version, checksum, bytes } }
}
