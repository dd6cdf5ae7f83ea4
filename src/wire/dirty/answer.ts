import type { DirtyAnswer, DirtyRefusal } from '../../ports/dirty/dirty-messages.ts'
import * as fields from '../fields.ts'
import type { ByteReader } from '../reader.ts'
import type { ByteWriter } from '../writer.ts'

// The orders are the encoding: append only, with a new WIRE_VERSION.
const TYPES: readonly DirtyAnswer['type'][] = ['kept', 'refused', 'clean']
const REFUSALS: readonly DirtyRefusal[] = ['full', 'taken', 'unknown']

export function writeDirtyAnswer(writer: ByteWriter, answer: DirtyAnswer): void {
  fields.writeChoice(writer, TYPES, answer.type)
  if (answer.type === 'refused') fields.writeChoice(writer, REFUSALS, answer.why)
  if (answer.type === 'clean') writer.f64(answer.stamp)
}

/** @throws PotluckError MALFORMED */
export function readDirtyAnswer(reader: ByteReader): DirtyAnswer {
  const type = fields.readChoice(reader, TYPES, 'answer about dirty bytes')
  if (type === 'kept') return { type }
  if (type === 'refused') return { type, why: fields.readChoice(reader, REFUSALS, 'refusal') }
  return { type, stamp: fields.readStamp(reader) }
}
