// What suites are written with: programs that are run and ended, checks with names, trees that are
// compared, other suites that are built. It knows no suite and judges nothing by itself.
//
// Named checks, one after the other: one that throws is a failure with its message, and the next
// runs all the same.
import { PotluckError } from '../../../src/base/errors.ts'
import { type Finished, type ProgramOptions, runProgram } from './run-program.ts'
import type { Failure, Outcome, Skip } from '../suite.ts'

const LONGEST_REASON = 1_200

export class Checks {
  #passed = 0
  readonly #failures: Failure[] = []
  readonly #skips: Skip[] = []
  readonly #signal: AbortSignal

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  async check(what: string, judge: () => Promise<void>): Promise<void> {
    this.#signal.throwIfAborted()
    try {
      await judge()
      this.#passed += 1
    } catch (error) {
      this.#signal.throwIfAborted()
      const why = error instanceof Error ? error.message : String(error)
      this.#failures.push({ what, why: why.slice(-LONGEST_REASON) })
    }
  }

  skip(count: number, reason: string): void {
    this.#skips.push({ count, reason })
  }

  outcome(): Outcome {
    return { passed: this.#passed, failures: [...this.#failures], skips: [...this.#skips] }
  }
}

/** Runs a program that has to end with 0, and gives its output. @throws PotluckError EIO */
export async function succeed(
  command: readonly string[],
  options: ProgramOptions,
): Promise<string> {
  const finished = await runProgram(command, options)
  if (finished.code === 0) return finished.output
  throw new PotluckError('EIO', `${command.join(' ')}: ${howItEnded(finished)}`)
}

/** The end of a run in words, with the last it said. */
export function howItEnded({ code, signal, isLate, output }: Finished): string {
  const how = isLate ? 'did not end in time' : (signal ?? `exit code ${code}`)
  const last = output.trim().split('\n').slice(-6).join(' | ')
  return `${how}: ${last === '' ? 'it said nothing' : last}`
}

/** @throws PotluckError EIO where it does not hold */
export function hold(it: boolean, otherwise: string): void {
  if (!it) throw new PotluckError('EIO', otherwise)
}
