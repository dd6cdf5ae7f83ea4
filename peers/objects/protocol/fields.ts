import type { Durability } from '../../../src/log/changes.ts'
import {
  MOST_KEY_BYTES,
  type ObjectKey,
  type WriteOptions,
} from '../../../src/objects/operation.ts'
import { type ByteReader, malformed } from '../../../src/wire/reader.ts'
import type { ByteWriter } from '../../../src/wire/writer.ts'

const DURABILITIES = ['memory', 'disk', 'sync'] as const satisfies readonly Durability[]

/** Bits of what a write says besides its bytes; the two lowest are the durability. */
const COMPRESSED = 4
const COMPACT = 8
const REVERTABLE = 16
const HAS_EXPECTED = 32
const HAS_NEXT = 64

/** Bytes preceded by their length. */
export function putBytes(writer: ByteWriter, bytes: Uint8Array): void {
  writer.varint(bytes.length)
  writer.raw(bytes)
}

/** They share the frame. */
export function takeBytes(reader: ByteReader, most: number): Buffer {
  const length = reader.count(most, 'bytes')
  reader.at += length
  return reader.bytes.subarray(reader.at - length, reader.at)
}

export function takeKey(reader: ByteReader): Buffer {
  return takeBytes(reader, MOST_KEY_BYTES)
}

/** 0 stands for none, so that numbers are sent as one more. */
export function putOptional(writer: ByteWriter, value: number | undefined): void {
  writer.varint(value === undefined ? 0 : value + 1)
}

export function takeOptional(reader: ByteReader): number | undefined {
  const value = reader.varint()
  return value === 0 ? undefined : value - 1
}

export function putOptions(writer: ByteWriter, options: WriteOptions): void {
  const { durability = 'disk', expected, next } = options
  const bits =
    DURABILITIES.indexOf(durability) |
    (options.isCompressed === true ? COMPRESSED : 0) |
    (options.isCompact === true ? COMPACT : 0) |
    (options.isRevertable === true ? REVERTABLE : 0) |
    (expected === undefined ? 0 : HAS_EXPECTED) |
    (next === undefined ? 0 : HAS_NEXT)
  writer.u8(bits)
  if (expected !== undefined) writer.varint(expected)
  if (next !== undefined) putBytes(writer, next)
}

export function takeOptions(reader: ByteReader): WriteOptions {
  const bits = reader.u8()
  const durability = DURABILITIES[bits & 3]
  if (durability === undefined || bits > 127) throw malformed('options that are not known')
  const expected = (bits & HAS_EXPECTED) === 0 ? undefined : reader.varint()
  const next: ObjectKey | undefined = (bits & HAS_NEXT) === 0 ? undefined : takeKey(reader)
  return {
    durability,
    isRevertable: (bits & REVERTABLE) !== 0,
    // An append that does not say so leaves these as they are.
    ...((bits & COMPRESSED) === 0 ? {} : { isCompressed: true }),
    ...((bits & COMPACT) === 0 ? {} : { isCompact: true }),
    ...(expected === undefined ? {} : { expected }),
    ...(next === undefined ? {} : { next }),
  }
}
