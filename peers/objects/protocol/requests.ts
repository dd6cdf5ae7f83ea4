import {
  MOST_ANSWER_BYTES,
  MOST_KEY_BYTES,
  MOST_RANGES,
  MOST_SWAPPED_KEYS,
  type Operation,
  type SwapChange,
} from '../../../src/objects/operation.ts'
import { ByteReader, malformed } from '../../../src/wire/reader.ts'
import type { ByteWriter } from '../../../src/wire/writer.ts'
import {
  putBytes,
  putOptional,
  putOptions,
  takeBytes,
  takeKey,
  takeOptional,
  takeOptions,
} from './fields.ts'

/** The type's number is its place here, plus one: new ones go to the end. */
const TYPES = [
  'read',
  'readRange',
  'readFollow',
  'write',
  'append',
  'delete',
  'revert',
  'release',
  'compare',
  'stat',
  'verify',
  'begin',
  'part',
  'finish',
  'abandon',
  'swap',
  'list',
  'flush',
  'statAll',
] as const satisfies readonly Operation['type'][]

export function requestType({ type }: Operation): number {
  return TYPES.indexOf(type) + 1
}

/** Fields of an operation, behind its frame's head. */
export function encodeRequest(operation: Operation, writer: ByteWriter): void {
  if ('key' in operation) putBytes(writer, operation.key)
  switch (operation.type) {
    case 'readRange':
      return putRanges(writer, operation)
    case 'readFollow':
      return writer.varint(operation.most)
    case 'write':
    case 'append':
      putOptions(writer, operation.options)
      return putBytes(writer, operation.bytes)
    case 'delete':
    case 'revert':
    case 'release':
      return putOptions(writer, operation.options)
    case 'compare':
      return writer.varint(operation.version)
    case 'part':
      writer.varint(operation.stream)
      return putBytes(writer, operation.bytes)
    case 'finish':
      writer.varint(operation.stream)
      return putOptions(writer, operation.options)
    case 'abandon':
      return writer.varint(operation.stream)
    case 'swap':
      return putSwap(writer, operation)
    case 'list':
      putBytes(writer, operation.prefix)
      putOptional(writer, operation.after)
      return writer.varint(operation.most)
    default:
      return undefined
  }
}

function putRanges(
  writer: ByteWriter,
  { expected, ranges }: Extract<Operation, { type: 'readRange' }>,
): void {
  putOptional(writer, expected)
  writer.varint(ranges.length)
  for (const { from, length } of ranges) {
    writer.varint(from)
    writer.varint(length)
  }
}

function putSwap(
  writer: ByteWriter,
  { changes, durability }: Extract<Operation, { type: 'swap' }>,
): void {
  putOptions(writer, durability === undefined ? {} : { durability })
  writer.varint(changes.length)
  for (const { key, expected, bytes } of changes) {
    putBytes(writer, key)
    writer.varint(expected)
    writer.u8(bytes === undefined ? 0 : 1)
    if (bytes !== undefined) putBytes(writer, bytes)
  }
}

/** @throws PotluckError MALFORMED, TOO_LARGE */
export function decodeRequest(typeNumber: number, body: Buffer): Operation {
  const type = TYPES[typeNumber - 1]
  if (type === undefined) throw malformed(`no operation has the number ${typeNumber}`)
  const reader = new ByteReader(body)
  const operation = takeOperation(type, reader)
  reader.end()
  return operation
}

function takeOperation(type: Operation['type'], reader: ByteReader): Operation {
  switch (type) {
    case 'flush':
    case 'statAll':
      return { type }
    case 'swap':
      return takeSwap(reader)
    case 'list':
      return {
        type,
        prefix: takeBytes(reader, MOST_KEY_BYTES),
        after: takeOptional(reader),
        most: reader.varint(),
      }
    default:
      return takeKeyOperation(type, reader)
  }
}

type OfKey = Extract<Operation, { key: Uint8Array }>['type']

function takeKeyOperation(type: OfKey, reader: ByteReader): Operation {
  const key = takeKey(reader)
  switch (type) {
    case 'readRange':
      return { type, key, expected: takeOptional(reader), ranges: takeRanges(reader) }
    case 'readFollow':
      return { type, key, most: reader.varint() }
    case 'write':
    case 'append': {
      const options = takeOptions(reader)
      return { type, key, options, bytes: takeBytes(reader, MOST_ANSWER_BYTES) }
    }
    case 'delete':
    case 'revert':
    case 'release':
      return { type, key, options: takeOptions(reader) }
    case 'compare':
      return { type, key, version: reader.varint() }
    case 'part':
      return {
        type,
        key,
        stream: reader.varint(),
        bytes: takeBytes(reader, MOST_ANSWER_BYTES),
      }
    case 'finish':
      return { type, key, stream: reader.varint(), options: takeOptions(reader) }
    case 'abandon':
      return { type, key, stream: reader.varint() }
    default:
      return { type, key }
  }
}

function takeRanges(reader: ByteReader): { from: number; length: number }[] {
  const count = reader.count(MOST_RANGES, 'ranges')
  return Array.from({ length: count }, () => ({ from: reader.varint(), length: reader.varint() }))
}

function takeSwap(reader: ByteReader): Operation {
  const { durability = 'disk' } = takeOptions(reader)
  const count = reader.count(MOST_SWAPPED_KEYS, 'keys')
  const changes: SwapChange[] = []
  for (let i = 0; i < count; i++) {
    const key = takeKey(reader)
    const expected = reader.varint()
    const isWrite = reader.u8() === 1
    changes.push(
      isWrite ? { key, expected, bytes: takeBytes(reader, MOST_ANSWER_BYTES) } : { key, expected },
    )
  }
  return { type: 'swap', changes, durability }
}
