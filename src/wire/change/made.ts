import type { Made } from '../../ports/writable-source.ts'
import { readInvalidation, writeInvalidation } from '../invalidation.ts'
import * as limits from '../limits.ts'
import { type ByteReader, malformed } from '../reader.ts'
import { type ByteWriter, tooLarge } from '../writer.ts'
import { readFlags, writeFlags } from './parts.ts'

/** Returns the bytes that were read, if any, which go behind the head as they are. */
export function writeMade(writer: ByteWriter, made: Made): Uint8Array | undefined {
  const { news, handle, count, offset, bytes } = made
  if (news.length > limits.MAX_CHANGE_NEWS) {
    throw tooLarge('a list of news', news.length, limits.MAX_CHANGE_NEWS)
  }
  const numbers = [handle, count, offset]
  writeFlags(
    writer,
    [...numbers, bytes].map((field) => field !== undefined),
  )
  for (const number of numbers) if (number !== undefined) writer.varint(number)
  writer.varint(news.length)
  for (const one of news) writeInvalidation(writer, one)
  return bytes
}

/** @throws PotluckError MALFORMED, TOO_LARGE */
export function readMade(reader: ByteReader, payload: Uint8Array | undefined): Made {
  const [hasHandle, hasCount, hasOffset, hasBytes] = readFlags(reader, 4)
  const handle = hasHandle ? { handle: reader.varint() } : {}
  const count = hasCount ? { count: reader.varint() } : {}
  const offset = hasOffset ? { offset: reader.varint() } : {}
  if (!hasBytes && payload !== undefined) throw malformed('bytes that nobody read')
  const bytes = hasBytes ? { bytes: payload ?? new Uint8Array(0) } : {}
  const length = reader.count(limits.MAX_CHANGE_NEWS, 'news')
  const news = Array.from({ length }, () => readInvalidation(reader))
  return { news, ...handle, ...count, ...offset, ...bytes }
}
