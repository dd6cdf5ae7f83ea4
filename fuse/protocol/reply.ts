// A reply as a value → bytes. File contents are not among the bytes: they follow the header in the
// same writev(2), straight from where they are cached.
import assert from 'node:assert/strict'
import type { SourceUsage } from '../../src/ports/source.ts'
import type { Attributes } from '../../src/ports/messages.ts'
import type { Absent, Entry } from '../../src/volume/volume.ts'
import { ATTR_OUT_BYTES, ENTRY_BYTES, type InodeNumber } from './attributes.ts'
import { writeAttrOut, writeEntryOut } from './attributes.ts'
import { type ListedEntry, writeDirents } from './dirents.ts'
import type { LockRange } from '../../src/ports/changes.ts'
import type { Writer } from './writer.ts'
import { LOCK_OUT_BYTES, writeLock } from './writing/locks.ts'

export const OUT_HEADER_BYTES = 16

export type InitReply = {
  readonly minor: number
  readonly maxReadahead: number
  readonly flags: number
  readonly flags2: number
  readonly maxBackground: number
  readonly congestionThreshold: number
  readonly maxWrite: number
  readonly maxPages: number
}

export type Reply =
  /** `errno` positive; 0 says that it was done. */
  | { readonly type: 'status'; readonly errno: number }
  /** The only word understood by a kernel of another major version. */
  | { readonly type: 'version' }
  | { readonly type: 'init'; readonly init: InitReply }
  | { readonly type: 'entry'; readonly entry: Entry | Absent }
  | { readonly type: 'attributes'; readonly attributes: Attributes; readonly validMs: number }
  /** A link's target or a list of extended attributes. */
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'opened'; readonly handle: number; readonly flags: number }
  | { readonly type: 'content'; readonly slices: readonly Uint8Array[] }
  | {
      readonly type: 'directory'
      readonly entries: readonly ListedEntry[]
      readonly plus: boolean
    }
  | { readonly type: 'statfs'; readonly usage: SourceUsage }
  /** CREATE's and TMPFILE's: a new name, opened. */
  | {
      readonly type: 'created'
      readonly entry: Entry
      readonly handle: number
      readonly flags: number
    }
  /** How many bytes were written; COPY_FILE_RANGE_64 alone counts them in 64 bits. */
  | { readonly type: 'written'; readonly length: number }
  | { readonly type: 'lock'; readonly lock: LockRange }
  /** How large an extended attribute is, for one who asked with no room for it. */
  | { readonly type: 'size'; readonly size: number }
  | { readonly type: 'offset'; readonly offset: number }

export const MAJOR = 7
const INIT_OUT_BYTES = 64
const OPEN_OUT_BYTES = 16
const STATFS_OUT_BYTES = 80
const NAME_MAX = 255

/**
 * Encodes a reply, and the lengths of contents that are to follow it.
 * @returns how many bytes of `out` it took
 */
export function encodeReply(
  out: Writer,
  reply: Reply,
  { unique, inodeNumber }: { unique: number; inodeNumber: InodeNumber },
): number {
  const errno = reply.type === 'status' ? reply.errno : 0
  const end = writeBody(out, reply, inodeNumber)
  let length = end
  if (reply.type === 'content') for (const slice of reply.slices) length += slice.length
  out.u32(0, length)
  out.i32(4, -errno)
  out.u64(8, unique)
  return end
}

/** @returns the offset behind the body */
function writeBody(out: Writer, reply: Reply, inodeNumber: InodeNumber): number {
  const at = OUT_HEADER_BYTES
  switch (reply.type) {
    case 'status':
    case 'content':
      return at
    case 'version':
      return writeVersion(out, 0)
    case 'init':
      return writeInit(out, reply.init)
    case 'entry':
      writeEntryOut(out, at, { entry: reply.entry, inodeNumber })
      return at + ENTRY_BYTES
    case 'attributes':
      writeAttrOut(out, at, { ...reply, ino: inodeNumber(reply.attributes.inode) })
      return at + ATTR_OUT_BYTES
    case 'text':
      assert(at + reply.text.length <= out.capacityBytes, 'a text longer than the reply buffer')
      return at + out.byteString(at, reply.text)
    case 'opened':
      return writeOpened(out, at, reply)
    case 'directory':
      return writeDirents(out, at, { ...reply, inodeNumber })
    case 'statfs':
      return writeStatfs(out, reply.usage)
    case 'size':
    case 'written':
    case 'offset':
      return writeNumber(out, at, reply)
    case 'lock':
      writeLock(out, at, reply.lock)
      return at + LOCK_OUT_BYTES
    case 'created':
      writeEntryOut(out, at, { entry: reply.entry, inodeNumber })
      return writeOpened(out, at + ENTRY_BYTES, reply)
  }
}

type NumberReply = Extract<Reply, { type: 'size' | 'written' | 'offset' }>

function writeNumber(out: Writer, at: number, reply: NumberReply): number {
  if (reply.type === 'offset') out.u64(at, reply.offset)
  else out.u64(at, reply.type === 'size' ? reply.size : reply.length)
  return at + 8
}

function writeVersion(out: Writer, minor: number): number {
  const at = OUT_HEADER_BYTES
  out.zero(at, at + INIT_OUT_BYTES)
  out.u32(at, MAJOR)
  out.u32(at + 4, minor)
  return at + INIT_OUT_BYTES
}

function writeInit(out: Writer, init: InitReply): number {
  const at = OUT_HEADER_BYTES
  const end = writeVersion(out, init.minor)
  out.u32(at + 8, init.maxReadahead)
  out.u32(at + 12, init.flags)
  out.u16(at + 16, init.maxBackground)
  out.u16(at + 18, init.congestionThreshold)
  out.u32(at + 20, init.maxWrite)
  out.u32(at + 24, 1) // Times are exact to the nanosecond.
  out.u16(at + 28, init.maxPages)
  out.u32(at + 32, init.flags2)
  return end
}

function writeOpened(
  out: Writer,
  at: number,
  { handle, flags }: { handle: number; flags: number },
): number {
  out.u64(at, handle)
  out.u32(at + 8, flags)
  out.u32(at + 12, 0)
  return at + OPEN_OUT_BYTES
}

function writeStatfs(out: Writer, usage: SourceUsage): number {
  const at = OUT_HEADER_BYTES
  out.zero(at, at + STATFS_OUT_BYTES)
  out.u64(at, usage.blocks)
  out.u64(at + 8, usage.blocksFree)
  out.u64(at + 16, usage.blocksAvailable)
  out.u64(at + 24, usage.files)
  out.u64(at + 32, usage.filesFree)
  out.u32(at + 40, usage.blockBytes)
  out.u32(at + 44, NAME_MAX)
  out.u32(at + 48, usage.blockBytes)
  return at + STATFS_OUT_BYTES
}
