// Reads what AVA reports, line by line as it comes. Not its TAP: that reporter of AVA 8.0.0 ends
// with a TypeError, and the whole run with it, as soon as one test runs into the time limit.
import type { Counts } from './counts.ts'

export type Reading = {
  /** What this line adds to the counts, if anything. */
  readonly outcome?: keyof Counts
  /** The file of a test that passed, which is all that is said of it. */
  readonly file?: string
}

const PASSED = /^ {2}✔ (?<title>.*)/
const SKIPPED = /^ {2}- \[skip\] /
/** A failed test or hook, a file that ended badly or has no tests, one that hangs at its time limit. */
const FAILED = /^ {2}(✘ |- \[todo\] |Failed to exit when running |◌ )/
/** Outside of any test. */
const UNCAUGHT = /^ {2}(Uncaught exception|Unhandled rejection) in /

export function readLine(line: string): Reading {
  const passed = PASSED.exec(line)
  if (passed !== null) {
    const title = passed.groups?.['title'] ?? ''
    return { outcome: 'passed', file: title.split(' › ').slice(0, -1).join('/') }
  }
  if (SKIPPED.test(line)) return { outcome: 'skipped' }
  if (FAILED.test(line) || UNCAUGHT.test(line)) return { outcome: 'failed' }
  return {}
}
