// What an error of ours is called by the kernel. Errno numbers are Linux's on every architecture
// that matters here (x64, arm64, riscv64 agree on all of these).
import { codeOf, type ErrorCode } from '../../src/base/errors.ts'

/** Linux errno numbers, positive. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ETXTBSY: 26,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  EMLINK: 31,
  ERANGE: 34,
  EDEADLK: 35,
  ENAMETOOLONG: 36,
  ENOLCK: 37,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  ENODATA: 61,
  EPROTO: 71,
  EOVERFLOW: 75,
  ENOTSUP: 95,
  ENOTCONN: 107,
  ETIMEDOUT: 110,
  ESTALE: 116,
  EDQUOT: 122,
} as const

export type ErrnoName = keyof typeof ERRNO

/** A program that reads a file can't be told more of the mesh than that the storage failed it. */
const meshErrno: Partial<Record<ErrorCode, ErrnoName>> = {
  ABORTED: 'EINTR',
  BUSY: 'EAGAIN',
  CLOSED: 'EIO',
  CORRUPT: 'EIO',
  MALFORMED: 'EIO',
  NO_SOURCE: 'EIO',
  REFUSED: 'EACCES',
  TOO_LARGE: 'EIO',
  UNKNOWN_VOLUME: 'EIO',
  UNREACHABLE: 'EIO',
}

const numbers: Partial<Record<string, number>> = ERRNO

/** The errno of any thrown value, as a positive number; what is not ours counts as EIO. */
export function errnoOf(error: unknown): number {
  const code = codeOf(error)
  return numbers[code] ?? numbers[meshErrno[code] ?? 'EIO'] ?? ERRNO.EIO
}
