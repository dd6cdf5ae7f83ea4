// Which block a request is about.
import type { BlockKind, Identity } from '../../ports/messages.ts'
import * as fields from '../fields.ts'
import * as limits from '../limits.ts'
import { type ByteReader, malformed } from '../reader.ts'
import type { ByteWriter } from '../writer.ts'

// The order is the encoding: append only, with a new WIRE_VERSION.
const KINDS: readonly BlockKind[] = ['page', 'data', 'xattrs']

/** @param bits what else the first byte shall say, 0 to 15 */
export function writeIdentity(writer: ByteWriter, of: Identity, bits = 0): void {
  writer.u8(KINDS.indexOf(of.kind) | (bits << 4))
  fields.writeVolume(writer, of.volume)
  fields.writeInode(writer, of.inode)
  writer.varint(of.index)
  writer.varint(of.splits)
}

export function readIdentity(reader: ByteReader): { readonly of: Identity; readonly bits: number } {
  const first = reader.u8()
  const kind = KINDS[first & 0x0f]
  if (kind === undefined) throw malformed('unknown block kind')
  const volume = fields.readVolume(reader)
  const inode = fields.readInode(reader)
  const index = reader.varint()
  const splits = reader.varint()
  if (splits > limits.MAX_SPLITS) throw malformed(`a directory in ${splits} parts`)
  return { of: { volume, kind, inode, index, splits }, bits: first >> 4 }
}
