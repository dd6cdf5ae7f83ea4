// Attributes as bytes: 74 of fixed fields, then the inode's text. Used inside directory pages and in
// the answer that tells of a changed file.
import type { Attributes, FileType } from '../ports/messages.ts'

/** The order is the encoding. */
export const FILE_TYPES: readonly FileType[] = [
  'file',
  'directory',
  'symlink',
  'fifo',
  'socket',
  'block',
  'character',
]

const FIXED_BYTES = 74
const MODE_MAX = 0o7777
const NANOS_MAX = 999_999_999

export function attributesLength(attributes: Attributes): number {
  return FIXED_BYTES + attributes.inode.length
}

/** Returns the offset behind what was written. */
export function putAttributes(to: Buffer, offset: number, attributes: Attributes): number {
  // Every byte is written: the buffer may hold what some other part of the process left there.
  let at = to.writeUInt16LE(FILE_TYPES.indexOf(attributes.type), offset)
  at = to.writeUInt16LE(attributes.mode, at)
  at = to.writeUInt32LE(attributes.nlink, at)
  at = to.writeUInt32LE(attributes.uid, at)
  at = to.writeUInt32LE(attributes.gid, at)
  at = to.writeUInt32LE(attributes.rdev, at)
  at = to.writeDoubleLE(attributes.size, at)
  at = to.writeDoubleLE(attributes.blocks, at)
  at = writeTime(to, at, [attributes.atimeSeconds, attributes.atimeNanos])
  at = writeTime(to, at, [attributes.mtimeSeconds, attributes.mtimeNanos])
  at = writeTime(to, at, [attributes.ctimeSeconds, attributes.ctimeNanos])
  at = to.writeUInt16LE(attributes.inode.length, at)
  return at + to.write(attributes.inode, at, 'latin1')
}

/** @throws RangeError where the bytes end too early or a field is out of range */
export function attributesAt(
  from: Buffer,
  offset: number,
): { readonly attributes: Attributes; readonly end: number } {
  const type = FILE_TYPES[from.readUInt16LE(offset)]
  if (type === undefined) throw new RangeError('no such file type')
  const inodeAt = offset + FIXED_BYTES
  const end = inodeAt + from.readUInt16LE(inodeAt - 2)
  if (end > from.length) throw new RangeError('attributes end too early')
  const attributes: Attributes = {
    inode: from.toString('latin1', inodeAt, end),
    type,
    mode: readUpTo(MODE_MAX, from.readUInt16LE(offset + 2)),
    nlink: from.readUInt32LE(offset + 4),
    uid: from.readUInt32LE(offset + 8),
    gid: from.readUInt32LE(offset + 12),
    rdev: from.readUInt32LE(offset + 16),
    size: readCount(from, offset + 20),
    blocks: readCount(from, offset + 28),
    atimeSeconds: readSeconds(from, offset + 36),
    atimeNanos: readUpTo(NANOS_MAX, from.readUInt32LE(offset + 44)),
    mtimeSeconds: readSeconds(from, offset + 48),
    mtimeNanos: readUpTo(NANOS_MAX, from.readUInt32LE(offset + 56)),
    ctimeSeconds: readSeconds(from, offset + 60),
    ctimeNanos: readUpTo(NANOS_MAX, from.readUInt32LE(offset + 68)),
  }
  return { attributes, end }
}

function writeTime(to: Buffer, offset: number, time: readonly [number, number]): number {
  return to.writeUInt32LE(time[1], to.writeDoubleLE(time[0], offset))
}

function readCount(from: Buffer, offset: number): number {
  const count = from.readDoubleLE(offset)
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError('not a count')
  return count
}

/** Files may be older than 1970, so this one may be negative. */
function readSeconds(from: Buffer, offset: number): number {
  const seconds = from.readDoubleLE(offset)
  if (!Number.isSafeInteger(seconds)) throw new RangeError('not a time')
  return seconds
}

function readUpTo(limit: number, value: number): number {
  if (value > limit) throw new RangeError(`${value} is over ${limit}`)
  return value
}
