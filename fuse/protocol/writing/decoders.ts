// Which decoder a request for a change has, and how many bytes it needs at least.
import type { Decoder } from '../operations.ts'
import { OPCODE } from '../opcodes.ts'
import { decodeRemovexattr, decodeSetattr, decodeSetxattr } from './attributes.ts'
import {
  decodeCopy,
  decodeFallocate,
  decodeFlush,
  decodeFsync,
  decodeFsyncdir,
  decodeWrite,
} from './contents.ts'
import { decodeGetlk, decodeSetlk } from './locks.ts'
import {
  decodeCreate,
  decodeLink,
  decodeMkdir,
  decodeMknod,
  decodeRename,
  decodeRename2,
  decodeSymlink,
  decodeTmpfile,
  decodeUnlink,
} from './names.ts'

/** By opcode; to be spread into the decoders of all requests. */
export const changeDecoders: readonly (readonly [number, Decoder])[] = [
  [OPCODE.SETATTR, { minBytes: 88, decode: decodeSetattr }],
  [OPCODE.SYMLINK, { minBytes: 4, decode: decodeSymlink }],
  [OPCODE.MKNOD, { minBytes: 18, decode: decodeMknod }],
  [OPCODE.MKDIR, { minBytes: 10, decode: decodeMkdir }],
  [OPCODE.UNLINK, { minBytes: 2, decode: decodeUnlink('unlink') }],
  [OPCODE.RMDIR, { minBytes: 2, decode: decodeUnlink('rmdir') }],
  [OPCODE.RENAME, { minBytes: 12, decode: decodeRename }],
  [OPCODE.RENAME2, { minBytes: 20, decode: decodeRename2 }],
  [OPCODE.LINK, { minBytes: 10, decode: decodeLink }],
  [OPCODE.CREATE, { minBytes: 18, decode: decodeCreate }],
  [OPCODE.TMPFILE, { minBytes: 16, decode: decodeTmpfile }],
  [OPCODE.WRITE, { minBytes: 40, decode: decodeWrite }],
  [OPCODE.FLUSH, { minBytes: 24, decode: decodeFlush }],
  [OPCODE.FSYNC, { minBytes: 16, decode: decodeFsync }],
  [OPCODE.FSYNCDIR, { minBytes: 16, decode: decodeFsyncdir }],
  [OPCODE.SETXATTR, { minBytes: 10, decode: decodeSetxattr }],
  [OPCODE.REMOVEXATTR, { minBytes: 2, decode: decodeRemovexattr }],
  [OPCODE.GETLK, { minBytes: 48, decode: decodeGetlk }],
  [OPCODE.SETLK, { minBytes: 48, decode: decodeSetlk(false) }],
  [OPCODE.SETLKW, { minBytes: 48, decode: decodeSetlk(true) }],
  [OPCODE.FALLOCATE, { minBytes: 32, decode: decodeFallocate }],
  [OPCODE.COPY_FILE_RANGE, { minBytes: 56, decode: decodeCopy(false) }],
  [OPCODE.COPY_FILE_RANGE_64, { minBytes: 56, decode: decodeCopy(true) }],
]
