// Requests that change what is known of an inode.
import type { AttributeChanges, Time } from '../../../src/ports/changes.ts'
import { type Body, type Message, readName, readU64 } from '../message.ts'
import type { Operation } from '../operations.ts'
import { TOO_LARGE } from './contents.ts'

/** Which fields of `struct fuse_setattr_in` are meant. */
const FATTR = {
  MODE: 1 << 0,
  UID: 1 << 1,
  GID: 1 << 2,
  SIZE: 1 << 3,
  ATIME: 1 << 4,
  MTIME: 1 << 5,
  FH: 1 << 6,
  ATIME_NOW: 1 << 7,
  MTIME_NOW: 1 << 8,
  KILL_SUIDGID: 1 << 11,
} as const

const NANOS = 1_000_000_000
const XATTR_NAME_MAX = 255

/** A changed ctime (as the kernel's write-back cache tells) is not among them: nobody can set it. */
export function decodeSetattr(message: Message, body: Body): Operation | undefined {
  const { view } = message
  const { start } = body
  const valid = view.getUint32(start, true)
  const isMeant = (bit: number) => (valid & bit) !== 0
  const atime = readTime(message, start, { now: FATTR.ATIME_NOW, at: 32, nanosAt: 56, valid })
  const mtime = readTime(message, start, { now: FATTR.MTIME_NOW, at: 40, nanosAt: 60, valid })
  const size = readU64(view, start + 16)
  if (isMeant(FATTR.SIZE) && !Number.isSafeInteger(size)) return TOO_LARGE
  const changes: AttributeChanges = {
    ...(isMeant(FATTR.MODE) ? { mode: view.getUint32(start + 68, true) & 0o7777 } : {}),
    ...(isMeant(FATTR.UID) ? { uid: view.getUint32(start + 76, true) } : {}),
    ...(isMeant(FATTR.GID) ? { gid: view.getUint32(start + 80, true) } : {}),
    ...(isMeant(FATTR.SIZE) ? { size } : {}),
    ...(isMeant(FATTR.ATIME) ? { atime } : {}),
    ...(isMeant(FATTR.MTIME) ? { mtime } : {}),
  }
  return {
    type: 'setattr',
    changes,
    ...(isMeant(FATTR.FH) ? { handle: readU64(view, start + 8) } : {}),
    dropsPrivileges: isMeant(FATTR.KILL_SUIDGID),
  }
}

type TimePlace = {
  readonly now: number
  readonly at: number
  readonly nanosAt: number
  readonly valid: number
}

/** Seconds are signed: there are files from before 1970. */
function readTime({ view }: Message, start: number, { now, at, nanosAt, valid }: TimePlace): Time {
  if ((valid & now) !== 0) return 'now'
  const seconds = Number(view.getBigInt64(start + at, true))
  return { seconds, nanos: view.getUint32(start + nanosAt, true) % NANOS }
}

const SETXATTR_IN_BYTES = 8
const SETXATTR_IN_EXTENDED_BYTES = 16
const ACL_KILL_SGID = 1

/**
 * `struct fuse_setxattr_in`: 8 bytes, or 16 where FUSE_SETXATTR_EXT was agreed. Nothing in a message
 * says which; but the value's size is known, so that only one of the two fills the message exactly.
 */
export function decodeSetxattr(message: Message, body: Body): Operation | undefined {
  return (
    setxattrBehind(message, body, SETXATTR_IN_BYTES) ??
    setxattrBehind(message, body, SETXATTR_IN_EXTENDED_BYTES)
  )
}

function setxattrBehind(
  message: Message,
  { start, end }: Body,
  bytes: number,
): Operation | undefined {
  const { view } = message
  const size = view.getUint32(start, true)
  if (start + bytes >= end) return undefined
  const name = readName(message, { start: start + bytes, end })
  if (name === undefined || name.length > XATTR_NAME_MAX) return undefined
  const at = start + bytes + name.length + 1
  if (at + size !== end) return undefined
  // Small, and kept for longer than the message is.
  const value = Uint8Array.from(message.bytes.subarray(at, at + size))
  const isExtended = bytes === SETXATTR_IN_EXTENDED_BYTES
  const dropsGroup = isExtended && (view.getUint32(start + 8, true) & ACL_KILL_SGID) !== 0
  return { type: 'setxattr', name, value, flags: view.getUint32(start + 4, true), dropsGroup }
}

export function decodeRemovexattr(message: Message, body: Body): Operation | undefined {
  const name = readName(message, body)
  if (name === undefined || name.length > XATTR_NAME_MAX) return undefined
  return { type: 'removexattr', name }
}
