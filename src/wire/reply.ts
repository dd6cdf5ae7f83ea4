import type { Answer, Block, Reply, Rumor, RumorHead } from '../ports/messages.ts'
import { readMade, writeMade } from './change/made.ts'
import { readDirtyAnswer, writeDirtyAnswer } from './dirty/answer.ts'
import * as fields from './fields.ts'
import { readHead, readNotice, readRumor, writeHead, writeNotice, writeRumor } from './gossip.ts'
import { readInvalidation, writeInvalidation } from './invalidation.ts'
import { readHeatAnswer, writeHeatAnswer } from './heat/heat.ts'
import * as limits from './limits.ts'
import { readLeaseAnswer, writeLeaseAnswer } from './lease/lease.ts'
import { readLockAnswer, writeLockAnswer } from './lock/answer.ts'
import { ByteReader, malformed } from './reader.ts'
import { ByteWriter, cut, tooLarge } from './writer.ts'

/**
 * A reply's bytes; `payload` is the block's own buffer, not a copy, and goes right behind `head`.
 */
export type EncodedReply = { readonly head: Uint8Array; readonly payload?: Uint8Array }

// One number for each shape of reply, an answer's shapes among them. Append only.
const BLOCK = 0
const BUSY = 1
const MISSING = 2
const CHANGED = 3
const HELD = 4
const DESCRIPTION = 5
const [RUMORS, HEADS] = [6, 7]
const [DONE, FAILED] = [8, 9]
/** A block, and news of it before the block's own fields. */
const TOLD_BLOCK = 10
const [TRACES, MADE] = [11, 12]
const [LOCK, HEAT, LEASE, DIRTY] = [13, 14, 15, 16]

const { MAX_RUMORS, MAX_HEADS, MAX_NOTICES } = limits
const scratch = new ByteWriter()

/** @throws PotluckError TOO_LARGE, or MALFORMED for what no peer would accept. */
export function encodeReply(reply: Reply): EncodedReply {
  scratch.at = 0
  const payload = writeReply(scratch, reply)
  const head = scratch.copy()
  return payload === undefined ? { head } : { head, payload }
}

/** Appends a reply's head and returns its payload, if it has one (which may be empty). */
export function writeReply(writer: ByteWriter, reply: Reply): Uint8Array | undefined {
  const from = writer.at
  const payload = writeBody(writer, reply)
  const length = writer.at - from
  if (length > limits.MAX_REPLY_HEAD_BYTES) {
    throw tooLarge('a reply', length, limits.MAX_REPLY_HEAD_BYTES)
  }
  return payload
}

function writeBody(writer: ByteWriter, reply: Reply): Uint8Array | undefined {
  switch (reply.type) {
    case 'answer':
      return writeAnswer(writer, reply.answer)
    case 'held':
      writer.u8(HELD)
      fields.writeBits(writer, reply.held, limits.MAX_KEYS)
      return undefined
    case 'description':
      writer.u8(DESCRIPTION)
      return fields.writeDescription(writer, reply.description)
    case 'rumors':
      return writeAll(writer, RUMORS, { all: reply.rumors, limit: MAX_RUMORS, write: writeRumor })
    case 'heads':
      return writeAll(writer, HEADS, { all: reply.heads, limit: MAX_HEADS, write: writeHead })
    case 'traces':
      return writeAll(writer, TRACES, { all: reply.traces, limit: MAX_NOTICES, write: writeNotice })
    case 'done':
      writer.u8(DONE)
      return undefined
    case 'made':
      writer.u8(MADE)
      writer.varint(reply.epoch)
      return writeMade(writer, reply.made)
    case 'lock':
    case 'heat':
    case 'lease':
    case 'dirty':
      return writeNested(writer, reply)
    case 'failed':
      writer.u8(FAILED)
      writer.byteString(reply.code, limits.MAX_NAME_BYTES)
      writer.text(cut(reply.message, limits.MAX_FAILURE_BYTES), limits.MAX_FAILURE_BYTES)
      return undefined
  }
}

type Nested = Reply & { readonly type: 'lock' | 'heat' | 'lease' | 'dirty' }

function writeNested(writer: ByteWriter, reply: Nested): undefined {
  writer.u8({ lock: LOCK, heat: HEAT, lease: LEASE, dirty: DIRTY }[reply.type])
  if (reply.type === 'lock') writeLockAnswer(writer, reply.answer)
  else if (reply.type === 'heat') writeHeatAnswer(writer, reply.answer)
  else if (reply.type === 'lease') writeLeaseAnswer(writer, reply.answer)
  else writeDirtyAnswer(writer, reply.answer)
}

function writeAll<T>(
  writer: ByteWriter,
  shape: number,
  list: { all: readonly T[]; limit: number; write: (writer: ByteWriter, one: T) => void },
): undefined {
  if (list.all.length > list.limit) throw tooLarge('a list', list.all.length, list.limit)
  writer.u8(shape)
  writer.varint(list.all.length)
  for (const one of list.all) list.write(writer, one)
}

function writeAnswer(writer: ByteWriter, answer: Answer): Uint8Array | undefined {
  switch (answer.type) {
    case 'block':
      return writeBlock(writer, answer)
    case 'busy':
      return writeAll(writer, BUSY, {
        all: answer.referrals,
        limit: limits.MAX_REFERRALS,
        write: fields.writePeerId,
      })
    case 'missing':
      writer.u8(MISSING)
      return undefined
    case 'changed':
      writer.u8(CHANGED)
      writer.f64(answer.stamp)
      fields.writeAttributes(writer, answer.attributes)
      return undefined
  }
}

function writeBlock(
  writer: ByteWriter,
  { block, news = [] }: Answer & { readonly type: 'block' },
): Uint8Array {
  if (block.bytes.length > limits.MAX_BLOCK_BYTES) {
    throw tooLarge('a block', block.bytes.length, limits.MAX_BLOCK_BYTES)
  }
  if (news.length === 0) writer.u8(BLOCK)
  else {
    const limit = limits.MAX_PAGE_NEWS
    writeAll(writer, TOLD_BLOCK, { all: news, limit, write: writeInvalidation })
  }
  writer.f64(block.stamp)
  writer.f64(block.version)
  writer.f64(block.checksum)
  return block.bytes
}

/**
 * The payload becomes the block's bytes as it is, so it must be a buffer of its own.
 *
 * @throws PotluckError MALFORMED or TOO_LARGE
 */
export function decodeReply(head: Uint8Array, payload?: Uint8Array): Reply {
  if (head.length > limits.MAX_REPLY_HEAD_BYTES) {
    throw tooLarge('a reply', head.length, limits.MAX_REPLY_HEAD_BYTES)
  }
  if (payload !== undefined && payload.length > limits.MAX_BLOCK_BYTES) {
    throw tooLarge('a block', payload.length, limits.MAX_BLOCK_BYTES)
  }
  const reader = new ByteReader(head)
  const shape = reader.u8()
  const isBlock = shape === BLOCK || shape === TOLD_BLOCK
  if (!isBlock && shape !== MADE && payload !== undefined) {
    throw malformed('a payload without a block')
  }
  const reply = isBlock ? readBlock(reader, shape, payload) : readBody(reader, shape, payload)
  reader.end()
  return reply
}

function readBlock(reader: ByteReader, shape: number, payload: Uint8Array | undefined): Reply {
  const news = shape === BLOCK ? [] : readAll(reader, limits.MAX_PAGE_NEWS, readInvalidation)
  if (shape === TOLD_BLOCK && news.length === 0) throw malformed('no news of a block')
  const stamp = fields.readStamp(reader)
  const version = reader.f64()
  const checksum = reader.f64()
  const bytes = payload ?? new Uint8Array(0)
  const block: Block = { stamp, version, checksum, bytes }
  const answer: Answer = { type: 'block', block }
  return { type: 'answer', answer: news.length === 0 ? answer : { ...answer, news } }
}

function readBody(reader: ByteReader, shape: number, payload: Uint8Array | undefined): Reply {
  switch (shape) {
    case BUSY: {
      const referrals = readAll(reader, limits.MAX_REFERRALS, fields.readPeerId)
      return { type: 'answer', answer: { type: 'busy', referrals } }
    }
    case MISSING:
      return { type: 'answer', answer: { type: 'missing' } }
    case CHANGED: {
      const stamp = fields.readStamp(reader)
      const attributes = fields.readAttributes(reader)
      return { type: 'answer', answer: { type: 'changed', attributes, stamp } }
    }
    case HELD:
      return { type: 'held', held: fields.readBits(reader, limits.MAX_KEYS) }
    case DESCRIPTION:
      return { type: 'description', description: fields.readDescription(reader) }
    case RUMORS:
      return { type: 'rumors', rumors: readAll<Rumor>(reader, MAX_RUMORS, readRumor) }
    case HEADS:
      return { type: 'heads', heads: readAll<RumorHead>(reader, MAX_HEADS, readHead) }
    case TRACES:
      return { type: 'traces', traces: readAll(reader, MAX_NOTICES, readNotice) }
    case DONE:
      return { type: 'done' }
    case MADE:
      return { type: 'made', epoch: reader.varint(), made: readMade(reader, payload) }
    case FAILED:
      return readFailed(reader)
    default:
      return readNested(reader, shape)
  }
}

function readNested(reader: ByteReader, shape: number): Reply {
  switch (shape) {
    case LOCK:
      return { type: 'lock', answer: readLockAnswer(reader) }
    case HEAT:
      return { type: 'heat', answer: readHeatAnswer(reader) }
    case LEASE:
      return { type: 'lease', answer: readLeaseAnswer(reader) }
    case DIRTY:
      return { type: 'dirty', answer: readDirtyAnswer(reader) }
    default:
      throw malformed(`unknown reply ${shape}`)
  }
}

function readAll<T>(reader: ByteReader, limit: number, read: (reader: ByteReader) => T): T[] {
  const count = reader.count(limit, 'list entries')
  const all: T[] = []
  for (let i = 0; i < count; i++) all.push(read(reader))
  return all
}

function readFailed(reader: ByteReader): Reply {
  const code = reader.byteString(limits.MAX_NAME_BYTES)
  if (!/^[A-Z][A-Z0-9_]*$/.test(code)) throw malformed('a failure without a code')
  return { type: 'failed', code, message: reader.text(limits.MAX_FAILURE_BYTES) }
}
