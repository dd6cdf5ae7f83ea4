// What the suites said, as a table for people and as JSON for the rest.
import { renderTable } from '../../peers/commands/table.ts'
import type { Outcome, Skip } from './suite.ts'

export type Result = Outcome & {
  readonly suite: string
  readonly version: string
  readonly seconds: number
}

const HEAD = ['suite', 'version', 'passed', 'failed', 'skipped', 'seconds']
const MOST_FAILURES = 40

/** A suite that did not run at all counts as one skipped. */
export function skippedSuite(suite: string, reason: string): Result {
  const skips = [{ count: 1, reason }]
  return { suite, version: '-', passed: 0, failures: [], skips, seconds: 0 }
}

export function hasFailed(results: readonly Result[]): boolean {
  return results.some(({ failures }) => failures.length > 0)
}

/** The table, then each reason for what was skipped, then what failed. */
export function reportOf(results: readonly Result[]): string {
  const rows = results.map(({ suite, version, passed, failures, skips, seconds }) => [
    suite,
    version,
    passed,
    failures.length,
    countOf(skips),
    seconds.toFixed(0),
  ])
  return renderTable(HEAD, rows) + results.flatMap(skippedLines).join('') + failureLines(results)
}

function skippedLines({ suite, skips }: Result): string[] {
  const byReason = Map.groupBy(skips, ({ reason }) => reason)
  return [...byReason].map(([reason, same]) => `skipped: ${suite}: ${countOf(same)}: ${reason}\n`)
}

function failureLines(results: readonly Result[]): string {
  return results
    .flatMap(({ suite, failures }) => {
      const shown = failures.slice(0, MOST_FAILURES)
      const lines = shown.map(({ what, why }) => `failed: ${suite}: ${what}: ${why}\n`)
      const rest = failures.length - shown.length
      return rest === 0 ? lines : [...lines, `failed: ${suite}: and ${rest} more (see --json)\n`]
    })
    .join('')
}

function countOf(skips: readonly Skip[]): number {
  return skips.reduce((sum, { count }) => sum + count, 0)
}
