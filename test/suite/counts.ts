/** How many checks or tests ended how. */
export type Counts = { passed: number; failed: number; skipped: number }

export function noCounts(): Counts {
  return { passed: 0, failed: 0, skipped: 0 }
}

export function addCounts(total: Counts, more: Counts): void {
  total.passed += more.passed
  total.failed += more.failed
  total.skipped += more.skipped
}

/** One check that passed or failed, printed as such with what it has to say where it failed. */
export function reportCheck(name: string, problems: readonly string[]): Counts {
  const hasPassed = problems.length === 0
  console.log(`${hasPassed ? 'ok  ' : 'FAIL'} ${name}`)
  for (const problem of problems) console.log(problem.replaceAll(/^/gm, '     '))
  return { passed: hasPassed ? 1 : 0, failed: hasPassed ? 0 : 1, skipped: 0 }
}
