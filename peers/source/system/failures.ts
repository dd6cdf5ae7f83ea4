import { isErrorCode, PotluckError } from '../../../src/base/errors.ts'
import type { Path } from '../../../src/ports/messages.ts'
import { readablePath } from '../paths.ts'

/** What the storage said to one system call; a code that is not among ours becomes EIO. */
export function failureOf(operation: string, path: Path, error: unknown): PotluckError {
  const { code: systemCode } = error as NodeJS.ErrnoException
  // One number on Linux, of which koffi knows both names.
  const code = systemCode === 'EOPNOTSUPP' ? 'ENOTSUP' : systemCode
  const message = `${operation} ${readablePath(path)}: ${code ?? String(error)}`
  return new PotluckError(isErrorCode(code) ? code : 'EIO', message, { cause: error })
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as { code?: string } | null)?.code ?? '')
}
