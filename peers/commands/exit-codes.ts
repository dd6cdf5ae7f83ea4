// The exit codes of `potluck`, and which failure gets which: a script that starts a cluster must
// be able to tell a typing mistake from a peer that is not up yet. Documented in --help.
import { CommanderError } from 'commander'
import type { ErrorCode } from '../../src/base/errors.ts'
import { isErrorCode } from '../../src/base/errors.ts'

export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  refused: 3,
  unreachable: 4,
  interrupted: 130,
} as const

export const EXIT_HELP = `Exit codes:
  0    done
  1    failed: a read, a mount, a source, or a comparison
  2    usage: an option, a value or a config file that can't be understood, or a mount point that
       is not there, no directory, or not empty
  3    refused: no permission, another mesh key, or a socket or mount point in use
  4    unreachable: no peer answers at the socket, no peer has the source, or time ran out
  130  interrupted; a peer that left cleanly when it was told to exits with 0`

const USAGE: ReadonlySet<ErrorCode> = new Set(['EINVAL', 'EEXIST'])
const REFUSED: ReadonlySet<ErrorCode> = new Set(['REFUSED', 'EACCES', 'EPERM', 'EBUSY', 'EROFS'])
const UNREACHABLE: ReadonlySet<ErrorCode> = new Set(['UNREACHABLE', 'NO_SOURCE', 'ETIMEDOUT'])

/** A mistake of whoever typed the command: the line says which value, and what to write instead. */
export function usageError(message: string): CommanderError {
  return new CommanderError(EXIT.usage, 'potluck.usage', message)
}

/** The exit code that a thrown value deserves. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return commanderExitCode(error)
  const code = (error as { code?: unknown } | null)?.code
  if (!isErrorCode(code)) return EXIT.failure
  if (USAGE.has(code)) return EXIT.usage
  if (REFUSED.has(code)) return EXIT.refused
  return UNREACHABLE.has(code) ? EXIT.unreachable : EXIT.failure
}

// Commander answers 1 for every mistake of usage, and 0 for --help and --version.
function commanderExitCode(error: CommanderError): number {
  return error.exitCode === 0 ? EXIT.ok : EXIT.usage
}
