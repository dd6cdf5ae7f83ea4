import { isErrorCode, PotluckError } from '../../../src/base/errors.ts'
import {
  type Answer,
  MOST_ANSWER_BYTES,
  MOST_FOLLOWED,
  MOST_RANGES,
  type ObjectRecord,
  type ShardStat,
} from '../../../src/objects/operation.ts'
import { ByteReader, malformed } from '../../../src/wire/reader.ts'
import type { ByteWriter } from '../../../src/wire/writer.ts'
import { putBytes, putOptional, takeBytes, takeKey, takeOptional } from './fields.ts'

/** The type's number is its place here, plus 128: new ones go to the end. */
const TYPES = [
  'record',
  'chain',
  'ranges',
  'done',
  'absent',
  'mismatch',
  'truth',
  'stat',
  'stream',
  'page',
  'shards',
] as const satisfies readonly Answer['type'][]

type Sent = (typeof TYPES)[number]

const FIRST = 128
/** What a server says first: its protocol's version, how many shards there are, which one it is. */
export const HELLO = 254
/** The operation failed: a code and a message. */
export const FAILED = 255

const STAT_FIELDS = [
  'records',
  'liveBytes',
  'capacityBytes',
  'indexBytes',
  'writtenBytes',
  'syncs',
  'zonesCollected',
  'freeZones',
  'zones',
] as const satisfies readonly (keyof ShardStat)[]

export function answerType({ type }: Answer): number {
  const place = TYPES.indexOf(type as Sent)
  if (place < 0) throw new PotluckError('EIO', `an answer of type ${type} is not for clients`)
  return FIRST + place
}

/** Fields of an answer, behind its frame's head. */
export function encodeAnswer(answer: Answer, writer: ByteWriter): void {
  switch (answer.type) {
    case 'record':
      return putRecord(writer, answer.record)
    case 'chain':
      return putMany(writer, answer.records, (record) => putRecord(writer, record))
    case 'ranges':
      writer.varint(answer.version)
      writer.varint(answer.size)
      return putMany(writer, answer.parts, (part) => putBytes(writer, part))
    case 'done':
      return writer.varint(answer.version)
    case 'mismatch':
      writer.varint(answer.change)
      return writer.varint(answer.version)
    case 'truth':
      writer.u8(answer.isTrue ? 1 : 0)
      return writer.varint(answer.version)
    case 'stat':
      writer.varint(answer.version)
      writer.varint(answer.size)
      return writer.u8((answer.isCompressed ? 1 : 0) | (answer.isRevertable ? 2 : 0))
    case 'stream':
      return writer.varint(answer.stream)
    case 'page':
      putOptional(writer, answer.next)
      return putMany(writer, answer.keys, ({ key, version }) => {
        putBytes(writer, key)
        writer.varint(version)
      })
    case 'shards':
      return putMany(writer, answer.shards, (stat) => {
        for (const field of STAT_FIELDS) writer.varint(stat[field])
      })
    default:
      return undefined
  }
}

function putMany<T>(writer: ByteWriter, all: readonly T[], put: (each: T) => void): void {
  writer.varint(all.length)
  all.forEach(put)
}

function putRecord(writer: ByteWriter, record: ObjectRecord): void {
  putBytes(writer, record.key)
  writer.varint(record.version)
  writer.varint(record.size)
  writer.u8(record.isCompressed ? 1 : 0)
  putBytes(writer, record.next)
  putBytes(writer, record.bytes)
}

/** @throws PotluckError MALFORMED; with the code of a failure */
export function decodeAnswer(typeNumber: number, body: Buffer): Answer {
  const reader = new ByteReader(body)
  if (typeNumber === FAILED) throw takeFailure(reader)
  const type = TYPES[typeNumber - FIRST]
  if (type === undefined) throw malformed(`no answer has the number ${typeNumber}`)
  const answer = takeAnswer(type, reader)
  reader.end()
  return answer
}

export function encodeFailure(code: string, message: string, writer: ByteWriter): void {
  writer.text(code, 64)
  writer.text(message.slice(0, 1000), 4096)
}

function takeFailure(reader: ByteReader): PotluckError {
  const code = reader.text(64)
  return new PotluckError(isErrorCode(code) ? code : 'EIO', reader.text(4096))
}

function takeAnswer(type: Sent, reader: ByteReader): Answer {
  switch (type) {
    case 'record':
      return { type, record: takeRecord(reader) }
    case 'chain':
      return { type, records: takeMany(reader, MOST_FOLLOWED, takeRecord) }
    case 'ranges':
      return {
        type,
        version: reader.varint(),
        size: reader.varint(),
        parts: takeMany(reader, MOST_RANGES, (from) => takeBytes(from, MOST_ANSWER_BYTES)),
      }
    case 'done':
      return { type, version: reader.varint() }
    case 'absent':
      return { type }
    case 'mismatch':
      return { type, change: reader.varint(), version: reader.varint() }
    case 'truth':
      return { type, isTrue: reader.u8() === 1, version: reader.varint() }
    case 'stat': {
      const [version, size, bits] = [reader.varint(), reader.varint(), reader.u8()]
      return { type, version, size, isCompressed: (bits & 1) > 0, isRevertable: (bits & 2) > 0 }
    }
    case 'stream':
      return { type, stream: reader.varint() }
    case 'page':
      return takePage(reader)
    case 'shards':
      return { type, shards: takeMany(reader, 65_536, takeStat) }
  }
}

function takePage(reader: ByteReader): Answer {
  const next = takeOptional(reader)
  const keys = takeMany(reader, 1_000_000, (from) => ({
    key: takeKey(from),
    version: from.varint(),
  }))
  return { type: 'page', keys, ...(next === undefined ? {} : { next }) }
}

function takeMany<T>(reader: ByteReader, most: number, take: (reader: ByteReader) => T): T[] {
  return Array.from({ length: reader.count(most, 'things in an answer') }, () => take(reader))
}

function takeRecord(reader: ByteReader): ObjectRecord {
  return {
    key: takeKey(reader),
    version: reader.varint(),
    size: reader.varint(),
    isCompressed: reader.u8() === 1,
    next: takeKey(reader),
    bytes: takeBytes(reader, MOST_ANSWER_BYTES),
  }
}

function takeStat(reader: ByteReader): ShardStat {
  const fields = STAT_FIELDS.map((field) => [field, reader.varint()] as const)
  return Object.fromEntries(fields) as ShardStat
}
