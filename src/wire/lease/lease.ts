// Messages about leases. They have a folder beside that of those about locks, for the same reasons and by
// the same rules: all is bounded, checked on the way in, and there is one encoding of each value.
// It must never accept what it would not write itself.
import type {
  LeaseAnswer,
  LeasedChange,
  LeaseKind,
  LeaseQuestion,
} from '../../ports/leases/lease-messages.ts'
import type { LockRefusal } from '../../ports/locks.ts'
import * as fields from '../fields.ts'
import { readHead, writeHead } from '../gossip.ts'
import * as limits from '../limits.ts'
import { readList, readRollIfAny, writeList, writeRollIfAny } from '../lock/parts.ts'
import { type ByteReader, malformed } from '../reader.ts'
import type { ByteWriter } from '../writer.ts'

// The orders are the encoding: append only, with a new WIRE_VERSION.
const STEPS: readonly LeaseQuestion['step'][] = ['ask', 'renew', 'recall']
const KINDS: readonly LeaseKind[] = ['shared', 'sole']
const KEEPS = ['shared', 'nothing'] as const
const TYPES: readonly LeaseAnswer['type'][] = ['leased', 'given', 'refused']
const REFUSALS: readonly LockRefusal[] = ['moved', 'later', 'expired', 'stale', 'deadlock', 'full']
const TRUTHS = [false, true] as const

const INODES = { limit: limits.MAX_LEASED_INODES, what: 'inodes to lease' }
const HEADS = { limit: limits.MAX_LEASED_HEADS, what: 'rumors to hear' }

/** @throws PotluckError TOO_LARGE, or MALFORMED for what no peer would accept */
export function writeLeaseQuestion(writer: ByteWriter, question: LeaseQuestion): void {
  fields.writeChoice(writer, STEPS, question.step)
  writer.varint(question.epoch)
  switch (question.step) {
    case 'ask':
      writer.varint(question.roll)
      writer.varint(question.session)
      fields.writeChoice(writer, KINDS, question.kind)
      writer.u8(question.isPatient ? 1 : 0)
      fields.writeVolume(writer, question.volume)
      return writeList(writer, { all: question.inodes, ...INODES }, fields.writeInode)
    case 'renew':
      writer.varint(question.roll)
      return writer.varint(question.session)
    case 'recall':
      fields.writeVolume(writer, question.volume)
      fields.writeInode(writer, question.inode)
      writer.varint(question.turn)
      return fields.writeChoice(writer, KEEPS, question.keeps)
  }
}

/** @throws PotluckError MALFORMED or TOO_LARGE */
export function readLeaseQuestion(reader: ByteReader): LeaseQuestion {
  const step = fields.readChoice(reader, STEPS, 'question about leases')
  const epoch = reader.varint()
  switch (step) {
    case 'ask': {
      const [roll, session] = [reader.varint(), reader.varint()]
      const kind = fields.readChoice(reader, KINDS, 'kind of lease')
      const isPatient = fields.readChoice(reader, TRUTHS, 'truth value')
      const volume = fields.readVolume(reader)
      const inodes = readList(reader, INODES, fields.readInode)
      return { step, epoch, roll, session, kind, isPatient, volume, inodes }
    }
    case 'renew':
      return { step, epoch, roll: reader.varint(), session: reader.varint() }
    case 'recall': {
      const volume = fields.readVolume(reader)
      const inode = fields.readInode(reader)
      const turn = reader.varint()
      const keeps = fields.readChoice(reader, KEEPS, 'part of a lease')
      return { step, epoch, volume, inode, turn, keeps }
    }
  }
}

/** @throws PotluckError TOO_LARGE, or MALFORMED for what no peer would accept */
export function writeLeaseAnswer(writer: ByteWriter, answer: LeaseAnswer): void {
  fields.writeChoice(writer, TYPES, answer.type)
  switch (answer.type) {
    case 'leased':
      writer.varint(answer.session)
      writer.varint(answer.forMs)
      writer.varint(answer.turn)
      writer.f64(answer.since)
      writer.f64(answer.now)
      writeList(writer, { all: answer.changes, ...INODES }, writeChange)
      return writeList(writer, { all: answer.refused, ...INODES }, (to, one) => to.varint(one))
    case 'given':
      writer.u8(answer.head === undefined ? 0 : 1)
      if (answer.head !== undefined) writeHead(writer, answer.head)
      return
    case 'refused':
      fields.writeChoice(writer, REFUSALS, answer.why)
      return writeRollIfAny(writer, answer.roll)
  }
}

/** @throws PotluckError MALFORMED or TOO_LARGE */
export function readLeaseAnswer(reader: ByteReader): LeaseAnswer {
  const type = fields.readChoice(reader, TYPES, 'answer about leases')
  switch (type) {
    case 'leased': {
      const [session, forMs, turn] = [reader.varint(), reader.varint(), reader.varint()]
      const [since, now] = [fields.readStamp(reader), fields.readStamp(reader)]
      const changes = readList(reader, INODES, readChange)
      const refused = readList(reader, INODES, (from) => from.varint())
      return { type, session, forMs, turn, since, now, changes, refused }
    }
    case 'given': {
      const hasHead = fields.readChoice(reader, TRUTHS, 'truth value')
      return hasHead ? { type, head: readHead(reader) } : { type }
    }
    case 'refused': {
      const why = fields.readChoice(reader, REFUSALS, 'refusal')
      return { type, why, ...readRollIfAny(reader) }
    }
  }
}

function writeChange(writer: ByteWriter, { index, heads, since }: LeasedChange): void {
  writer.varint(index)
  writer.f64(since)
  writeList(writer, { all: heads, ...HEADS }, writeHead)
}

function readChange(reader: ByteReader): LeasedChange {
  const index = reader.varint()
  if (index >= limits.MAX_LEASED_INODES) throw malformed(`a lease of the inode at ${index}`)
  const since = fields.readStamp(reader)
  return { index, since, heads: readList(reader, HEADS, readHead) }
}
