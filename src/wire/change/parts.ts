// Changes as bytes: the largest thing that a peer may ask for, and the one that does most. Every
// field is checked when it comes in; what a peer sends is done as whoever it names, so that a peer is
// trusted with that, and with nothing else: no path leaves the volume, no number is out of range.
//
// It must never accept what it would not itself encode.
import type { AttributeChanges, Caller, OpenMode, Time } from '../../ports/changes.ts'
import type { At, Span, Target } from '../../ports/writable-source.ts'
import * as fields from '../fields.ts'
import * as limits from '../limits.ts'
import { type ByteReader, malformed } from '../reader.ts'
import { type ByteWriter, tooLarge } from '../writer.ts'

const MODE_MAX = 0o7777
const NUMBER_MAX = 0xffff_ffff
const ACCESSES: readonly OpenMode['access'][] = ['read', 'write', 'both']
const TIMES = ['now', 'then'] as const
const NANOS_MAX = 999_999_999

export function writeCaller(writer: ByteWriter, { uid, gid, groups, umask }: Caller): void {
  if (groups.length > limits.MAX_GROUPS) {
    throw tooLarge('a list of groups', groups.length, limits.MAX_GROUPS)
  }
  for (const number of [uid, gid, umask, groups.length, ...groups]) writer.varint(number)
}

export function readCaller(reader: ByteReader): Caller {
  const [uid, gid, umask] = [readUpTo(reader), readUpTo(reader), readUpTo(reader, MODE_MAX)]
  const count = reader.count(limits.MAX_GROUPS, 'groups')
  const groups = Array.from({ length: count }, () => readUpTo(reader))
  return { uid, gid, groups, umask }
}

export function writeAt(writer: ByteWriter, { directory, path, name }: At): void {
  fields.writeInode(writer, directory)
  writer.byteString(path, limits.MAX_PATH_BYTES)
  writer.byteString(name, limits.MAX_NAME_BYTES)
}

export function readAt(reader: ByteReader): At {
  const directory = fields.readInode(reader)
  const path = fields.readPath(reader)
  return { directory, path, name: fields.readName(reader) }
}

export function writeTarget(writer: ByteWriter, { inode, path, handle }: Target): void {
  fields.writeInode(writer, inode)
  writer.byteString(path, limits.MAX_PATH_BYTES)
  // A handle is never 0.
  writer.varint(handle ?? 0)
}

export function readTarget(reader: ByteReader): Target {
  const inode = fields.readInode(reader)
  const path = fields.readPath(reader)
  const handle = reader.varint()
  return handle === 0 ? { inode, path } : { inode, path, handle }
}

export function writeSpan(writer: ByteWriter, { handle, from }: Span): void {
  writer.varint(handle)
  writer.varint(from)
}

export function readSpan(reader: ByteReader): Span {
  return { handle: reader.varint(), from: reader.varint() }
}

export function writeMode(writer: ByteWriter, mode: number): void {
  writer.varint(mode)
}

export function readMode(reader: ByteReader): number {
  return readUpTo(reader, MODE_MAX)
}

export function writeOpenMode(writer: ByteWriter, how: OpenMode): void {
  fields.writeChoice(writer, ACCESSES, how.access)
  writeFlags(writer, [how.append, how.truncate, how.direct])
}

export function readOpenMode(reader: ByteReader): OpenMode {
  const access = fields.readChoice(reader, ACCESSES, 'way to open a file')
  const [append = false, truncate = false, direct = false] = readFlags(reader, 3)
  return { access, append, truncate, direct }
}

export function writeAttributeChanges(writer: ByteWriter, changes: AttributeChanges): void {
  const { mode, uid, gid, size, atime, mtime } = changes
  const numbers = [mode, uid, gid, size]
  const times = [atime, mtime]
  writeFlags(
    writer,
    [...numbers, ...times].map((field) => field !== undefined),
  )
  for (const number of numbers) if (number !== undefined) writer.varint(number)
  for (const time of times) if (time !== undefined) writeTime(writer, time)
}

export function readAttributeChanges(reader: ByteReader): AttributeChanges {
  const [hasMode, hasUid, hasGid, hasSize, hasAtime, hasMtime] = readFlags(reader, 6)
  return {
    ...(hasMode && { mode: readMode(reader) }),
    ...(hasUid && { uid: readUpTo(reader) }),
    ...(hasGid && { gid: readUpTo(reader) }),
    ...(hasSize && { size: reader.varint() }),
    ...(hasAtime && { atime: readTime(reader) }),
    ...(hasMtime && { mtime: readTime(reader) }),
  }
}

function writeTime(writer: ByteWriter, time: Time): void {
  fields.writeChoice(writer, TIMES, time === 'now' ? 'now' : 'then')
  if (time === 'now') return
  writer.f64(time.seconds)
  writer.varint(time.nanos)
}

function readTime(reader: ByteReader): Time {
  if (fields.readChoice(reader, TIMES, 'time') === 'now') return 'now'
  const seconds = reader.f64()
  // The other zero would not come back the same.
  if (!Number.isSafeInteger(seconds) || Object.is(seconds, -0)) throw malformed('not a time')
  return { seconds, nanos: readUpTo(reader, NANOS_MAX) }
}

export function writeFlags(writer: ByteWriter, flags: readonly boolean[]): void {
  writer.u8(flags.reduce((bits, flag, at) => bits | (flag ? 1 << at : 0), 0))
}

export function readFlags(reader: ByteReader, count: number): boolean[] {
  const bits = reader.u8()
  if (bits >= 1 << count) throw malformed('a flag that means nothing')
  return Array.from({ length: count }, (_, at) => (bits & (1 << at)) !== 0)
}

export function readUpTo(reader: ByteReader, most = NUMBER_MAX): number {
  const number = reader.varint()
  if (number > most) throw malformed(`${number} is over ${most}`)
  return number
}

export function writeBytes(writer: ByteWriter, bytes: Uint8Array, most: number): void {
  if (bytes.length > most) throw tooLarge('a number of bytes', bytes.length, most)
  writer.varint(bytes.length)
  writer.raw(bytes)
}

/** A copy: the buffer that a request came in is somebody else's. */
export function readBytes(reader: ByteReader, most: number): Uint8Array {
  const length = reader.count(most, 'bytes')
  const bytes = new Uint8Array(reader.bytes.subarray(reader.at, reader.at + length))
  reader.at += length
  return bytes
}
