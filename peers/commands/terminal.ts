// Where a command's words go, and what it may know of its surroundings: handed to every command, so
// that a test can look over its shoulder.
import type { Environment } from './options/read-options.ts'

/** How much a terminal shows at once. */
export type Screen = { readonly rows: number }

export type Terminal = {
  /** What was asked for. */
  readonly out: (text: string) => void
  /** Everything else: progress, errors, hints. */
  readonly err: (text: string) => void
  /** Someone is watching standard error: progress bars make sense. */
  readonly isWatched: boolean
  /** Of standard output, now: undefined where that is no terminal, and nothing can be drawn in place. */
  readonly screen: () => Screen | undefined
  readonly env: Environment
  readonly cwd: string
  /** Aborts at the first SIGINT or SIGTERM; a second one ends the process at once. */
  readonly interrupted: AbortSignal
}
