// Errors on their way through the API: a PotluckError in, an HTTP status and a small JSON, and a
// PotluckError with the same code out.
import type { ErrorCode } from '../../src/base/errors.ts'
import { codeOf } from '../../src/base/errors.ts'
import type { Failure } from './protocol.ts'

const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  EACCES: 403,
  EPERM: 403,
  REFUSED: 403,
  EROFS: 403,
  ENOENT: 404,
  UNKNOWN_VOLUME: 404,
  EINVAL: 400,
  EISDIR: 400,
  ENOTDIR: 400,
  ELOOP: 400,
  ENAMETOOLONG: 400,
  MALFORMED: 400,
  TOO_LARGE: 413,
  BUSY: 503,
  CLOSED: 503,
  NO_SOURCE: 503,
  UNREACHABLE: 503,
  ETIMEDOUT: 504,
}

export function statusOf(code: ErrorCode): number {
  return STATUS[code] ?? 500
}

export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  return { error: { code: codeOf(error), message } }
}
