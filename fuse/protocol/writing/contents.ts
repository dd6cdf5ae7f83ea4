// Requests on what is in a file: written, made safe, allocated, copied.
import { type Body, type Message, readU64 } from '../message.ts'
import type { Operation } from '../operations.ts'

type Decoded = Operation | undefined

/** What changes a place that no file here reaches. */
export const TOO_LARGE: Operation = { type: 'too-large' }

const WRITE_IN_BYTES = 40
const WRITE_CACHE = 1
const WRITE_KILL_SUIDGID = 4

/** `struct fuse_write_in`, and the bytes behind it. */
export function decodeWrite({ view, bytes }: Message, { start, end }: Body): Decoded {
  const from = readU64(view, start + 8)
  const length = view.getUint32(start + 16, true)
  const writeFlags = view.getUint32(start + 20, true)
  const at = start + WRITE_IN_BYTES
  if (at + length !== end) return undefined
  if (!Number.isSafeInteger(from + length)) return TOO_LARGE
  return {
    type: 'write',
    handle: readU64(view, start),
    from,
    bytes: bytes.subarray(at, end),
    flags: view.getUint32(start + 32, true),
    isFromCache: (writeFlags & WRITE_CACHE) !== 0,
    dropsPrivileges: (writeFlags & WRITE_KILL_SUIDGID) !== 0,
  }
}

/** `struct fuse_flush_in`. */
export function decodeFlush({ view }: Message, { start }: Body): Decoded {
  const owner = view.getBigUint64(start + 16, true)
  return { type: 'flush', handle: readU64(view, start), owner }
}

const FSYNC_DATA_ONLY = 1

/** `struct fuse_fsync_in`. */
export function decodeFsync({ view }: Message, { start }: Body): Decoded {
  const dataOnly = (view.getUint32(start + 8, true) & FSYNC_DATA_ONLY) !== 0
  return { type: 'fsync', handle: readU64(view, start), dataOnly }
}

export function decodeFsyncdir({ view }: Message, { start }: Body): Decoded {
  return { type: 'fsyncdir', handle: readU64(view, start) }
}

/** `struct fuse_fallocate_in`. */
export function decodeFallocate({ view }: Message, { start }: Body): Decoded {
  const from = readU64(view, start + 8)
  const length = readU64(view, start + 16)
  if (!Number.isSafeInteger(from + length)) return TOO_LARGE
  const mode = view.getUint32(start + 24, true)
  return { type: 'fallocate', handle: readU64(view, start), from, length, mode }
}

/** `struct fuse_copy_file_range_in`; a length past what a number holds is cut to it. */
export function decodeCopy(isLong: boolean) {
  return ({ view }: Message, { start }: Body): Decoded => {
    const offset = readU64(view, start + 8)
    const toNodeid = readU64(view, start + 16)
    const toOffset = readU64(view, start + 32)
    if (!Number.isSafeInteger(toNodeid)) return undefined
    if (![offset, toOffset].every(Number.isSafeInteger)) return TOO_LARGE
    return {
      type: 'copy',
      handle: readU64(view, start),
      offset,
      toNodeid,
      toHandle: readU64(view, start + 24),
      toOffset,
      length: Math.min(readU64(view, start + 40), Number.MAX_SAFE_INTEGER),
      flags: view.getUint32(start + 48, true),
      isLong,
    }
  }
}
