// The one error class of the house. A `code` says what went wrong in words a program can switch on:
// errno names where a file operation failed, mesh words where the mesh did. Programmer errors are
// assertions, never this class.
import assert from 'node:assert/strict'

/** Errno names that a volume's file operations may fail with. */
export const ERRNO_CODES = [
  'E2BIG',
  'EACCES',
  'EAGAIN',
  'EBADF',
  'EBUSY',
  'EDEADLK',
  'EDQUOT',
  'EEXIST',
  'EFBIG',
  'EINTR',
  'EINVAL',
  'EIO',
  'EISDIR',
  'ELOOP',
  'EMFILE',
  'EMLINK',
  'ENAMETOOLONG',
  'ENFILE',
  'ENODATA',
  'ENOENT',
  'ENOLCK',
  'ENOMEM',
  'ENOSPC',
  'ENOSYS',
  'ENOTDIR',
  'ENOTEMPTY',
  'ENOTSUP',
  'ENXIO',
  'EOVERFLOW',
  'EPERM',
  'ERANGE',
  'EROFS',
  'ESTALE',
  'ETIMEDOUT',
  'ETXTBSY',
  'EXDEV',
] as const

/** What can go wrong between peers. */
export const MESH_CODES = [
  'ABORTED',
  'BUSY',
  'CLOSED',
  'CORRUPT',
  'MALFORMED',
  'MISMATCH',
  'NO_SOURCE',
  'REFUSED',
  'TOO_LARGE',
  'UNKNOWN_VOLUME',
  'UNREACHABLE',
] as const

export type ErrnoCode = (typeof ERRNO_CODES)[number]
export type ErrorCode = ErrnoCode | (typeof MESH_CODES)[number]

const known: ReadonlySet<string> = new Set([...ERRNO_CODES, ...MESH_CODES])

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && known.has(code)
}

export class PotluckError extends Error {
  override readonly name = 'PotluckError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    assert(known.has(code), `unknown error code ${code}`)
    this.code = code
  }
}

/** The code of any thrown value; what is not ours counts as EIO. */
export function codeOf(error: unknown): ErrorCode {
  const code = (error as { code?: unknown } | null)?.code
  return isErrorCode(code) ? code : 'EIO'
}

/** Whether it says that a path does not lead to what was looked for there. */
export function isAboutPath(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ESTALE'
}
