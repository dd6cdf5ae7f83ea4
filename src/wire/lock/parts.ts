// What messages about locks are made of: lives of peers, rolls, ranges, records. They have a folder
// of their own because they are many and small and nothing else uses them; the rules are those of
// `src/wire`: all is bounded, checked on the way in, and there is one encoding of each value.
import type { LockKind, LockRange } from '../../ports/changes.ts'
import type { LockRecord, Member, Roll, ToldWithLock } from '../../ports/locks.ts'
import * as fields from '../fields.ts'
import { readHead, writeHead } from '../gossip.ts'
import * as limits from '../limits.ts'
import { malformed, type ByteReader } from '../reader.ts'
import { tooLarge, type ByteWriter } from '../writer.ts'

// The order is the encoding: append only, with a new WIRE_VERSION.
const KINDS: readonly LockKind[] = ['read', 'write', 'none']
const KIND_BITS = 0x03
const FLOCK_BIT = 0x04
const TO_END_BIT = 0x08
const HALF = 32n
const HALF_BITS = 0xffff_ffffn

type List<T> = { readonly all: readonly T[]; readonly limit: number; readonly what: string }

export function writeList<T>(
  writer: ByteWriter,
  { all, limit, what }: List<T>,
  write: (writer: ByteWriter, one: T) => void,
): void {
  if (all.length > limit) throw tooLarge(what, all.length, limit)
  writer.varint(all.length)
  for (const one of all) write(writer, one)
}

export function readList<T>(
  reader: ByteReader,
  { limit, what }: Omit<List<T>, 'all'>,
  read: (reader: ByteReader) => T,
): T[] {
  const count = reader.count(limit, what)
  const all: T[] = []
  for (let i = 0; i < count; i++) all.push(read(reader))
  return all
}

export function writeMember(writer: ByteWriter, { peer, epoch }: Member): void {
  fields.writePeerId(writer, peer)
  writer.varint(epoch)
}

export function readMember(reader: ByteReader): Member {
  return { peer: fields.readPeerId(reader), epoch: reader.varint() }
}

const KEEPERS = { limit: limits.MAX_KEEPERS, what: 'keepers' }

export function writeRoll(writer: ByteWriter, roll: Roll): void {
  writeMember(writer, roll.founder)
  writer.varint(roll.number)
  writeList(writer, { all: roll.keepers, ...KEEPERS }, writeMember)
  writeList(writer, { all: roll.previous, ...KEEPERS }, writeMember)
}

export function readRoll(reader: ByteReader): Roll {
  const founder = readMember(reader)
  const number = reader.varint()
  const keepers = readList(reader, KEEPERS, readMember)
  const previous = readList(reader, KEEPERS, readMember)
  if (keepers.length === 0 || number === 0) throw malformed('a roll of nobody')
  return { founder, number, keepers, previous }
}

/** A roll that need not be there. */
export function writeRollIfAny(writer: ByteWriter, roll: Roll | undefined): void {
  fields.writeTruth(writer, roll !== undefined)
  if (roll !== undefined) writeRoll(writer, roll)
}

/** As a property, to be spread into an object that may lack it. */
export function readRollIfAny(reader: ByteReader): { readonly roll?: Roll } {
  const isThere = fields.readTruth(reader)
  return isThere ? { roll: readRoll(reader) } : {}
}

export function writeRange(writer: ByteWriter, range: LockRange): void {
  const isToEnd = range.to === Infinity
  writer.u8(
    KINDS.indexOf(range.kind) | (range.isFlock ? FLOCK_BIT : 0) | (isToEnd ? TO_END_BIT : 0),
  )
  writer.varint(range.from)
  if (!isToEnd) writer.varint(range.to)
  writer.u32(Number(range.owner & HALF_BITS))
  writer.u32(Number((range.owner >> HALF) & HALF_BITS))
  writer.varint(range.pid)
}

export function readRange(reader: ByteReader): LockRange {
  const bits = reader.u8()
  const kind = KINDS[bits & KIND_BITS]
  if (kind === undefined || bits > (KIND_BITS | FLOCK_BIT | TO_END_BIT)) {
    throw malformed('unknown kind of lock')
  }
  const from = reader.varint()
  const to = (bits & TO_END_BIT) === 0 ? reader.varint() : Infinity
  if (to < from) throw malformed(`a lock from ${from} to ${to}`)
  const owner = BigInt(reader.u32()) | (BigInt(reader.u32()) << HALF)
  const pid = reader.varint()
  return { kind, from, to, owner, pid, isFlock: (bits & FLOCK_BIT) !== 0 }
}

const HEADS = { limit: limits.MAX_LOCK_HEADS, what: 'rumors to be heard' }

export function writeTold(writer: ByteWriter, { told, heads }: ToldWithLock): void {
  writer.f64(told)
  writeList(writer, { all: heads, ...HEADS }, writeHead)
}

export function readTold(reader: ByteReader): ToldWithLock {
  return { told: fields.readStamp(reader), heads: readList(reader, HEADS, readHead) }
}

const LOCKS = { limit: limits.MAX_LOCKS_OF_INODE, what: 'locks' }

function writeRecord(writer: ByteWriter, record: LockRecord): void {
  writeMember(writer, record.holder)
  fields.writeVolume(writer, record.volume)
  fields.writeInode(writer, record.inode)
  writeList(writer, { all: record.locks, ...LOCKS }, writeRange)
}

function readRecord(reader: ByteReader): LockRecord {
  const holder = readMember(reader)
  const volume = fields.readVolume(reader)
  const inode = fields.readInode(reader)
  return { holder, volume, inode, locks: readList(reader, LOCKS, readRange) }
}

const RECORDS = { limit: limits.MAX_LOCK_RECORDS, what: 'records of locks' }

export function writeRecords(writer: ByteWriter, records: readonly LockRecord[]): void {
  writeList(writer, { all: records, ...RECORDS }, writeRecord)
}

export function readRecords(reader: ByteReader): LockRecord[] {
  return readList(reader, RECORDS, readRecord)
}
