import type { LockPlace, LockQuestion, LockTurn } from '../../ports/locks.ts'
import * as fields from '../fields.ts'
import type { ByteReader } from '../reader.ts'
import type { ByteWriter } from '../writer.ts'
import * as parts from './parts.ts'

// The order is the encoding: append only, with a new WIRE_VERSION.
const STEPS: readonly LockQuestion['step'][] = [
  'roll',
  'enrol',
  'complain',
  'prepare',
  'accept',
  'vouch',
  'handover',
  'set',
  'test',
  'renew',
  'claim',
  'tell',
]

/** @throws PotluckError TOO_LARGE, or MALFORMED for what no peer would accept */
export function writeLockQuestion(writer: ByteWriter, question: LockQuestion): void {
  fields.writeChoice(writer, STEPS, question.step)
  switch (question.step) {
    case 'roll':
      writer.varint(question.epoch)
      return parts.writeRollIfAny(writer, question.roll)
    case 'enrol':
    case 'vouch':
    case 'handover':
      writer.varint(question.epoch)
      return parts.writeRoll(writer, question.roll)
    case 'complain':
      parts.writeRoll(writer, question.roll)
      return parts.writeMember(writer, question.about)
    case 'prepare':
      parts.writeRoll(writer, question.roll)
      return writer.varint(question.ballot)
    case 'accept':
      parts.writeRoll(writer, question.roll)
      writer.varint(question.ballot)
      return parts.writeRoll(writer, question.next)
    case 'set':
      return writeSet(writer, question)
    case 'test':
      writePlace(writer, question)
      return parts.writeRange(writer, question.range)
    case 'renew':
      writer.varint(question.epoch)
      return writer.varint(question.session)
    case 'claim':
      writer.varint(question.epoch)
      writeTurn(writer, question)
      return parts.writeRecords(writer, question.records)
    case 'tell':
      return
  }
}

/** @throws PotluckError MALFORMED or TOO_LARGE */
export function readLockQuestion(reader: ByteReader): LockQuestion {
  const step = fields.readChoice(reader, STEPS, 'question about locks')
  switch (step) {
    case 'roll':
      return { step, epoch: reader.varint(), ...parts.readRollIfAny(reader) }
    case 'enrol':
    case 'vouch':
    case 'handover':
      return { step, epoch: reader.varint(), roll: parts.readRoll(reader) }
    case 'complain':
      return { step, roll: parts.readRoll(reader), about: parts.readMember(reader) }
    case 'prepare':
      return { step, roll: parts.readRoll(reader), ballot: reader.varint() }
    case 'accept': {
      const roll = parts.readRoll(reader)
      return { step, roll, ballot: reader.varint(), next: parts.readRoll(reader) }
    }
    case 'set': {
      const place = { ...readPlace(reader), ...readTurn(reader) }
      const wait = fields.readTruth(reader)
      const told = parts.readTold(reader)
      return { step, ...place, wait, ...told, range: parts.readRange(reader) }
    }
    case 'test':
      return { step, ...readPlace(reader), range: parts.readRange(reader) }
    case 'renew':
      return { step, epoch: reader.varint(), session: reader.varint() }
    case 'claim': {
      const epoch = reader.varint()
      return { step, epoch, ...readTurn(reader), records: parts.readRecords(reader) }
    }
    case 'tell':
      return { step }
  }
}

function writeSet(writer: ByteWriter, question: LockQuestion & { readonly step: 'set' }): void {
  writePlace(writer, question)
  writeTurn(writer, question)
  fields.writeTruth(writer, question.wait)
  parts.writeTold(writer, question)
  parts.writeRange(writer, question.range)
}

function writePlace(writer: ByteWriter, { epoch, volume, inode }: LockPlace): void {
  writer.varint(epoch)
  fields.writeVolume(writer, volume)
  fields.writeInode(writer, inode)
}

function readPlace(reader: ByteReader): LockPlace {
  const epoch = reader.varint()
  const volume = fields.readVolume(reader)
  return { epoch, volume, inode: fields.readInode(reader) }
}

function writeTurn(writer: ByteWriter, { session, sequence }: LockTurn): void {
  writer.varint(session)
  writer.varint(sequence)
}

function readTurn(reader: ByteReader): LockTurn {
  return { session: reader.varint(), sequence: reader.varint() }
}
