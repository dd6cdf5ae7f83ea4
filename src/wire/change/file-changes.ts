import type { Allocation } from '../../ports/changes.ts'
import type { FileChange } from '../../ports/writable-source.ts'
import * as fields from '../fields.ts'
import * as limits from '../limits.ts'
import type { Codecs } from './codec.ts'
import * as parts from './parts.ts'

const ALLOCATIONS: readonly Allocation[] = [
  'extend',
  'keep-size',
  'punch-hole',
  'zero',
  'zero-keep-size',
]
const SOUGHT: readonly ('data' | 'hole')[] = ['data', 'hole']

export const FILE_CHANGES: Codecs<FileChange> = {
  read: {
    write(writer, { of, length }) {
      parts.writeSpan(writer, of)
      writer.varint(length)
    },
    read(reader) {
      const of = parts.readSpan(reader)
      return { of, length: parts.readUpTo(reader, limits.MAX_BLOCK_BYTES) }
    },
  },
  write: {
    write(writer, { of, bytes, isAppend }) {
      parts.writeSpan(writer, of)
      parts.writeFlags(writer, [isAppend])
      parts.writeBytes(writer, bytes, limits.MAX_WRITE_BYTES)
    },
    read(reader) {
      const of = parts.readSpan(reader)
      const [isAppend = false] = parts.readFlags(reader, 1)
      return { of, isAppend, bytes: parts.readBytes(reader, limits.MAX_WRITE_BYTES) }
    },
  },
  allocate: {
    write(writer, { of, length, how }) {
      parts.writeSpan(writer, of)
      writer.varint(length)
      fields.writeChoice(writer, ALLOCATIONS, how)
    },
    read(reader) {
      const [of, length] = [parts.readSpan(reader), reader.varint()]
      return { of, length, how: fields.readChoice(reader, ALLOCATIONS, 'way to allocate') }
    },
  },
  copy: {
    write(writer, { of, to, length }) {
      parts.writeSpan(writer, of)
      parts.writeSpan(writer, to)
      writer.varint(length)
    },
    read(reader) {
      const [of, to] = [parts.readSpan(reader), parts.readSpan(reader)]
      return { of, to, length: reader.varint() }
    },
  },
  seek: {
    write(writer, change) {
      parts.writeSpan(writer, change.of)
      fields.writeChoice(writer, SOUGHT, change.for)
    },
    read(reader) {
      const of = parts.readSpan(reader)
      return { of, for: fields.readChoice(reader, SOUGHT, 'thing to seek') }
    },
  },
  sync: {
    write(writer, { handle, dataOnly }) {
      writer.varint(handle)
      parts.writeFlags(writer, [dataOnly])
    },
    read(reader) {
      const handle = reader.varint()
      const [dataOnly = false] = parts.readFlags(reader, 1)
      return { handle, dataOnly }
    },
  },
  close: {
    write: (writer, { handle }) => writer.varint(handle),
    read: (reader) => ({ handle: reader.varint() }),
  },
}
