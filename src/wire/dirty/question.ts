// Messages about dirty bytes: copies of them, and their recall. A copy is the largest thing here, one
// write and what is around it; the rules are those of `src/wire`. What a peer sends as a copy is put
// on the source as whoever it names wrote it, as it is with changes: a member is trusted with that.
//
// It must never accept a path that leaves the volume, nor a piece past what a number can address.
import type { DirtyQuestion, DirtySession } from '../../ports/dirty/dirty-messages.ts'
import { readBytes, readUpTo, writeBytes } from '../change/parts.ts'
import * as fields from '../fields.ts'
import * as limits from '../limits.ts'
import { type ByteReader, malformed } from '../reader.ts'
import type { ByteWriter } from '../writer.ts'

// The order is the encoding: append only, with a new WIRE_VERSION.
const STEPS: readonly DirtyQuestion['step'][] = [
  'begin',
  'keep',
  'drop',
  'renew',
  'alive',
  'recall',
]

type Keep = DirtyQuestion & { readonly step: 'keep' }

/** @throws PotluckError TOO_LARGE, or MALFORMED for what no peer would accept */
export function writeDirtyQuestion(writer: ByteWriter, question: DirtyQuestion): void {
  fields.writeChoice(writer, STEPS, question.step)
  writer.varint(question.session)
  fields.writeVolume(writer, question.volume)
  switch (question.step) {
    case 'keep':
      return writePiece(writer, question)
    case 'drop':
      fields.writeInode(writer, question.inode)
      return writer.varint(question.through)
    case 'recall':
      fields.writeInode(writer, question.inode)
      return fields.writePeerId(writer, question.by)
    default:
  }
}

function writePiece(writer: ByteWriter, piece: Keep): void {
  fields.writeInode(writer, piece.inode)
  writer.byteString(piece.path, limits.MAX_PATH_BYTES)
  const { sequence, from, uid, gid, writtenMs } = piece
  for (const number of [sequence, from, uid, gid, writtenMs]) writer.varint(number)
  writeBytes(writer, piece.bytes, limits.MAX_WRITE_BYTES)
}

/** @throws PotluckError MALFORMED or TOO_LARGE */
export function readDirtyQuestion(reader: ByteReader): DirtyQuestion {
  const step = fields.readChoice(reader, STEPS, 'question about dirty bytes')
  const of: DirtySession = { session: reader.varint(), volume: fields.readVolume(reader) }
  switch (step) {
    case 'keep':
      return readPiece(reader, of)
    case 'drop':
      return { step, ...of, inode: fields.readInode(reader), through: reader.varint() }
    case 'recall':
      return { step, ...of, inode: fields.readInode(reader), by: fields.readPeerId(reader) }
    default:
      return { step, ...of }
  }
}

function readPiece(reader: ByteReader, of: DirtySession): DirtyQuestion {
  const inode = fields.readInode(reader)
  const path = fields.readPath(reader)
  const [sequence, from] = [reader.varint(), reader.varint()]
  const [uid, gid] = [readUpTo(reader), readUpTo(reader)]
  const writtenMs = reader.varint()
  const bytes = readBytes(reader, limits.MAX_WRITE_BYTES)
  if (!Number.isSafeInteger(from + bytes.length)) throw malformed('a piece past all offsets')
  return { step: 'keep', ...of, inode, path, sequence, from, uid, gid, writtenMs, bytes }
}
