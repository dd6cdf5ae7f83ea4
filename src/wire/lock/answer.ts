import type { LockAnswer, LockRefusal } from '../../ports/locks.ts'
import * as fields from '../fields.ts'
import { readHead, writeHead } from '../gossip.ts'
import * as limits from '../limits.ts'
import type { ByteReader } from '../reader.ts'
import type { ByteWriter } from '../writer.ts'
import * as parts from './parts.ts'

// The orders are the encoding: append only, with a new WIRE_VERSION.
const TYPES: readonly LockAnswer['type'][] = [
  'roll',
  'vote',
  'records',
  'lease',
  'conflict',
  'free',
  'refused',
  'told',
]
const REFUSALS: readonly LockRefusal[] = ['moved', 'later', 'expired', 'stale', 'deadlock', 'full']

const REFUSED_RECORDS = { limit: limits.MAX_LOCK_RECORDS, what: 'refused records' }

/** @throws PotluckError TOO_LARGE, or MALFORMED for what no peer would accept */
export function writeLockAnswer(writer: ByteWriter, answer: LockAnswer): void {
  fields.writeChoice(writer, TYPES, answer.type)
  switch (answer.type) {
    case 'roll':
      writer.varint(answer.epoch)
      return parts.writeRollIfAny(writer, answer.roll)
    case 'vote':
      fields.writeTruth(writer, answer.isGiven)
      writer.varint(answer.ballot)
      writer.varint(answer.acceptedBallot)
      parts.writeRollIfAny(writer, answer.accepted)
      return parts.writeRollIfAny(writer, answer.roll)
    case 'records':
      writer.varint(answer.settledInMs)
      writer.varint(answer.leasedForMs)
      parts.writeRecords(writer, answer.records)
      fields.writeTruth(writer, answer.told !== undefined)
      return answer.told === undefined ? undefined : parts.writeTold(writer, answer.told)
    case 'lease':
      writer.varint(answer.session)
      writer.varint(answer.forMs)
      parts.writeTold(writer, answer)
      writer.f64(answer.since)
      return parts.writeList(writer, { all: answer.refused, ...REFUSED_RECORDS }, (to, index) =>
        to.varint(index),
      )
    case 'conflict':
      fields.writePeerId(writer, answer.holder)
      return parts.writeRange(writer, answer.range)
    case 'free':
      return
    case 'refused':
      fields.writeChoice(writer, REFUSALS, answer.why)
      return parts.writeRollIfAny(writer, answer.roll)
    case 'told':
      fields.writeTruth(writer, answer.head !== undefined)
      if (answer.head !== undefined) writeHead(writer, answer.head)
      return
  }
}

/** @throws PotluckError MALFORMED or TOO_LARGE */
export function readLockAnswer(reader: ByteReader): LockAnswer {
  const type = fields.readChoice(reader, TYPES, 'answer about locks')
  switch (type) {
    case 'roll':
      return { type, epoch: reader.varint(), ...parts.readRollIfAny(reader) }
    case 'vote':
      return readVote(reader)
    case 'records': {
      const [settledInMs, leasedForMs] = [reader.varint(), reader.varint()]
      const handedOver = { type, settledInMs, leasedForMs, records: parts.readRecords(reader) }
      return fields.readTruth(reader) ? { ...handedOver, told: parts.readTold(reader) } : handedOver
    }
    case 'lease': {
      const [session, forMs] = [reader.varint(), reader.varint()]
      const told = { ...parts.readTold(reader), since: fields.readStamp(reader) }
      const refused = parts.readList(reader, REFUSED_RECORDS, (from) => from.varint())
      return { type, session, forMs, ...told, refused }
    }
    case 'conflict':
      return { type, holder: fields.readPeerId(reader), range: parts.readRange(reader) }
    case 'free':
      return { type }
    case 'refused': {
      const why = fields.readChoice(reader, REFUSALS, 'refusal')
      return { type, why, ...parts.readRollIfAny(reader) }
    }
    case 'told':
      return fields.readTruth(reader) ? { type, head: readHead(reader) } : { type }
  }
}

function readVote(reader: ByteReader): LockAnswer {
  const isGiven = fields.readTruth(reader)
  const [ballot, acceptedBallot] = [reader.varint(), reader.varint()]
  const { roll: accepted } = parts.readRollIfAny(reader)
  const vote = { type: 'vote', isGiven, ballot, acceptedBallot } as const
  return {
    ...vote,
    ...(accepted === undefined ? {} : { accepted }),
    ...parts.readRollIfAny(reader),
  }
}
