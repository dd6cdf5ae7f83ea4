// `struct fuse_attr` and the two structures around it that say how long it may be believed.
import type { Attributes, FileType, Inode } from '../../src/ports/messages.ts'
import type { Absent, Entry } from '../../src/volume/volume.ts'
import type { Writer } from './writer.ts'

const ATTR_BYTES = 88
export const ENTRY_BYTES = 40 + ATTR_BYTES
export const ATTR_OUT_BYTES = 16 + ATTR_BYTES

export type InodeNumber = (inode: Inode) => bigint

/** `S_IFMT` bits of each file type. */
export const typeBits: Readonly<Record<FileType, number>> = {
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
}

/** `d_type` of a directory entry: the type bits, shifted down. */
export function direntType(type: FileType): number {
  return typeBits[type] >> 12
}

/**
 * What `st_blksize` says. Programs take it as the size of their buffers: a megabyte here would make
 * each `fopen` of a small file allocate one. The kernel's own read-ahead decides what we are asked.
 */
const PREFERRED_IO_BYTES = 4096

export function writeAttributes(
  out: Writer,
  at: number,
  { attributes, ino }: { attributes: Attributes; ino: bigint },
): void {
  out.bigU64(at, ino)
  out.u64(at + 8, attributes.size)
  out.u64(at + 16, attributes.blocks)
  out.u64(at + 24, attributes.atimeSeconds)
  out.u64(at + 32, attributes.mtimeSeconds)
  out.u64(at + 40, attributes.ctimeSeconds)
  out.u32(at + 48, attributes.atimeNanos)
  out.u32(at + 52, attributes.mtimeNanos)
  out.u32(at + 56, attributes.ctimeNanos)
  out.u32(at + 60, typeBits[attributes.type] | (attributes.mode & 0o7777))
  out.u32(at + 64, attributes.nlink)
  out.u32(at + 68, attributes.uid)
  out.u32(at + 72, attributes.gid)
  out.u32(at + 76, attributes.rdev)
  out.u32(at + 80, PREFERRED_IO_BYTES)
  out.u32(at + 84, 0)
}

/** Longer than any machine runs, and far from where the kernel's jiffies overflow. */
const MAX_VALID_MS = 0x7fff_ffff * 1000

/** Milliseconds as the whole seconds and nanoseconds that the kernel takes; nonsense as nothing. */
export function splitValid(validMs: number): { seconds: number; nanos: number } {
  if (!(validMs > 0)) return { seconds: 0, nanos: 0 }
  const ms = Math.min(validMs, MAX_VALID_MS)
  const seconds = Math.floor(ms / 1000)
  return { seconds, nanos: Math.floor((ms - seconds * 1000) * 1e6) }
}

/** `struct fuse_attr_out`. */
export function writeAttrOut(
  out: Writer,
  at: number,
  answer: { attributes: Attributes; ino: bigint; validMs: number },
): void {
  const { seconds, nanos } = splitValid(answer.validMs)
  out.u64(at, seconds)
  out.u32(at + 8, nanos)
  out.u32(at + 12, 0)
  writeAttributes(out, at + 16, answer)
}

/**
 * `struct fuse_entry_out`. The generation stays 0, since a nodeid is never used again. A name that
 * is not there is an entry with nodeid 0, which the kernel remembers for as long as it is valid.
 */
export function writeEntryOut(
  out: Writer,
  at: number,
  { entry, inodeNumber }: { entry: Entry | Absent; inodeNumber: InodeNumber },
): void {
  const { seconds, nanos } = splitValid(entry.validMs)
  out.u64(at, entry.nodeid)
  out.u64(at + 8, 0)
  out.u64(at + 16, seconds)
  out.u64(at + 24, seconds)
  out.u32(at + 32, nanos)
  out.u32(at + 36, nanos)
  if (!('attributes' in entry)) {
    out.zero(at + 40, at + ENTRY_BYTES)
    return
  }
  const { attributes } = entry
  writeAttributes(out, at + 40, { attributes, ino: inodeNumber(attributes.inode) })
}
