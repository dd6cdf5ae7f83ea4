import type { Reach, Request, Want } from '../ports/messages.ts'
import { readChange, writeChange } from './change/change.ts'
import { readCaller, writeCaller } from './change/parts.ts'
import { readDirtyQuestion, writeDirtyQuestion } from './dirty/question.ts'
import * as fields from './fields.ts'
import { readHeatQuestion, writeHeatQuestion } from './heat/heat.ts'
import { readIdentity, writeIdentity } from './lending/identity.ts'
import { readKeep, writeKeep } from './lending/keep.ts'
import * as limits from './limits.ts'
import { readLeaseQuestion, writeLeaseQuestion } from './lease/lease.ts'
import { readLockQuestion, writeLockQuestion } from './lock/question.ts'
import { ByteReader, malformed } from './reader.ts'
import { ByteWriter, tooLarge } from './writer.ts'

// The order is the encoding: append only, with a new WIRE_VERSION.
const TYPES: readonly Request['type'][] = [
  'want',
  'holding',
  'describe',
  'repair',
  'heads',
  'warm',
  'traces',
  'trace',
  'change',
  'changes',
  'lock',
  'heat',
  'lease',
  'dirty',
  'keep',
]
const REACHES: readonly Reach[] = ['climb', 'held', 'source']

const scratch = new ByteWriter()

/** @throws PotluckError TOO_LARGE, or MALFORMED for what no peer would accept. */
export function encodeRequest(request: Request): Uint8Array {
  scratch.at = 0
  writeRequest(scratch, request)
  return scratch.copy()
}

/** Appends a request; on an error the writer may have grown, and `at` must be put back. */
export function writeRequest(writer: ByteWriter, request: Request): void {
  const from = writer.at
  fields.writeChoice(writer, TYPES, request.type)
  writeBody(writer, request)
  const length = writer.at - from
  if (length > limits.MAX_REQUEST_BYTES) {
    throw tooLarge('a request', length, limits.MAX_REQUEST_BYTES)
  }
}

function writeBody(writer: ByteWriter, request: Request): void {
  switch (request.type) {
    case 'want':
      return writeWant(writer, request.want)
    case 'holding':
      if (request.keys.length > limits.MAX_KEYS) {
        throw tooLarge('a list of keys', request.keys.length, limits.MAX_KEYS)
      }
      writer.varint(request.keys.length)
      for (const key of request.keys) writer.fixed(key, limits.KEY_BYTES)
      return
    case 'describe':
    case 'changes':
      return fields.writeVolume(writer, request.volume)
    case 'repair':
      return writeRepair(writer, request)
    case 'heads':
    case 'traces':
      return
    case 'warm':
      writeWarm(writer, request.volume, request.paths)
      return writer.text(request.trace, limits.MAX_TRACE_NAME_BYTES)
    case 'trace':
      fields.writeVolume(writer, request.volume)
      return writer.text(request.name, limits.MAX_TRACE_NAME_BYTES)
    case 'change':
      fields.writeVolume(writer, request.volume)
      writer.varint(request.session)
      writer.varint(request.number)
      writeCaller(writer, request.caller)
      return writeChange(writer, request.change)
    case 'lock':
    case 'heat':
    case 'lease':
    case 'dirty':
      return writeNested(writer, request)
    case 'keep':
      return writeKeep(writer, request)
  }
}

function writeRepair(
  writer: ByteWriter,
  { publisher, epoch, from, to }: Request & { readonly type: 'repair' },
): void {
  fields.writePeerId(writer, publisher)
  for (const number of [epoch, from, to]) writer.varint(number)
}

type Nested = Request & { readonly type: 'lock' | 'heat' | 'lease' | 'dirty' }

function writeNested(writer: ByteWriter, request: Nested): void {
  if (request.type === 'lock') writeLockQuestion(writer, request.question)
  else if (request.type === 'heat') writeHeatQuestion(writer, request.question)
  else if (request.type === 'lease') writeLeaseQuestion(writer, request.question)
  else writeDirtyQuestion(writer, request.question)
}

function writeWarm(writer: ByteWriter, volume: string, paths: readonly string[]): void {
  fields.writeVolume(writer, volume)
  if (paths.length > limits.MAX_WARM_PATHS) {
    throw tooLarge('a list of paths', paths.length, limits.MAX_WARM_PATHS)
  }
  writer.varint(paths.length)
  for (const path of paths) writer.byteString(path, limits.MAX_PATH_BYTES)
}

function writeWant(writer: ByteWriter, want: Want): void {
  writeIdentity(writer, want, REACHES.indexOf(want.reach))
  writer.byteString(want.path, limits.MAX_PATH_BYTES)
  if (want.kind === 'page') writer.byteString(want.name ?? '', limits.MAX_NAME_BYTES)
  writer.f64(want.version)
  writer.f64(want.floor)
}

/** @throws PotluckError MALFORMED or TOO_LARGE */
export function decodeRequest(bytes: Uint8Array): Request {
  if (bytes.length > limits.MAX_REQUEST_BYTES) {
    throw tooLarge('a request', bytes.length, limits.MAX_REQUEST_BYTES)
  }
  const reader = new ByteReader(bytes)
  const request = readBody(reader)
  reader.end()
  return request
}

function readBody(reader: ByteReader): Request {
  const type = fields.readChoice(reader, TYPES, 'request')
  switch (type) {
    case 'want':
      return { type, want: readWant(reader) }
    case 'holding':
      return { type, keys: readKeys(reader) }
    case 'describe':
    case 'changes':
      return { type, volume: fields.readVolume(reader) }
    case 'repair':
      return readRepair(reader)
    case 'heads':
    case 'traces':
      return { type }
    case 'warm':
      return readWarm(reader)
    case 'trace':
      return {
        type,
        volume: fields.readVolume(reader),
        name: reader.text(limits.MAX_TRACE_NAME_BYTES),
      }
    case 'change': {
      const volume = fields.readVolume(reader)
      const [session, number] = [reader.varint(), reader.varint()]
      const caller = readCaller(reader)
      return { type, volume, session, number, caller, change: readChange(reader) }
    }
    case 'lock':
    case 'heat':
    case 'lease':
    case 'dirty':
      return readNested(reader, type)
    case 'keep':
      return { type, ...readKeep(reader) }
  }
}

function readWarm(reader: ByteReader): Request {
  const volume = fields.readVolume(reader)
  const paths = readPaths(reader)
  return { type: 'warm', volume, paths, trace: reader.text(limits.MAX_TRACE_NAME_BYTES) }
}

function readNested(reader: ByteReader, type: Nested['type']): Request {
  if (type === 'lock') return { type, question: readLockQuestion(reader) }
  if (type === 'heat') return { type, question: readHeatQuestion(reader) }
  if (type === 'lease') return { type, question: readLeaseQuestion(reader) }
  return { type, question: readDirtyQuestion(reader) }
}

function readWant(reader: ByteReader): Want {
  const { of, bits } = readIdentity(reader)
  const reach = REACHES[bits]
  if (reach === undefined) throw malformed('unknown reach')
  const path = fields.readPath(reader)
  const name = of.kind === 'page' ? fields.readWantedName(reader) : undefined
  const version = reader.f64()
  const floor = fields.readStamp(reader)
  const { volume, kind, inode, index, splits } = of
  const want = { volume, kind, inode, index, splits, path, version, floor, reach }
  return name === undefined ? want : { ...want, name }
}

function readKeys(reader: ByteReader): string[] {
  const count = reader.count(limits.MAX_KEYS, 'keys')
  const keys: string[] = []
  for (let i = 0; i < count; i++) keys.push(reader.fixed(limits.KEY_BYTES))
  return keys
}

function readPaths(reader: ByteReader): string[] {
  const count = reader.count(limits.MAX_WARM_PATHS, 'paths')
  const paths: string[] = []
  for (let i = 0; i < count; i++) paths.push(fields.readPath(reader))
  return paths
}

function readRepair(reader: ByteReader): Request {
  const publisher = fields.readPeerId(reader)
  const epoch = reader.varint()
  const from = reader.varint()
  const to = reader.varint()
  if (from < 1 || to < from) throw malformed(`rumors ${from} to ${to}`)
  return { type: 'repair', publisher, epoch, from, to }
}
