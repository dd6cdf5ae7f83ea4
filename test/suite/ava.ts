// Runs AVA and counts its results. What failed or was skipped is shown as AVA shows it; what passed
// is one number a file.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { addCounts, type Counts, noCounts, reportCheck } from './counts.ts'
import { readLine } from './report.ts'
import { BIN } from './tool.ts'

export type AvaRun = {
  /** None: all that the suite has. */
  readonly files: readonly string[]
  /** The suite of tests that take minutes, one after another; else the default one. */
  readonly isLong: boolean
}

export async function runAva({ files, isLong }: AvaRun, env: NodeJS.ProcessEnv): Promise<Counts> {
  const counts = noCounts()
  const perFile = new Map<string, number>()
  // Several of our tests start processes of their own, so more at once than cores would only
  // stretch every wait in them.
  const concurrency = Math.max(2, availableParallelism() - 1)
  const suite = isLong ? ['--config=test/long/ava.config.js', '--serial'] : []
  const given = [`--concurrency=${isLong ? 1 : concurrency}`, ...suite, ...files]
  const child = spawn(join(BIN, 'ava'), given, {
    // A dumb terminal, so that what we read looks the same everywhere.
    env: { ...env, TERM: 'dumb', NO_COLOR: '1', FORCE_COLOR: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  for await (const line of createInterface({ input: child.stdout })) {
    const { outcome, file } = readLine(line)
    if (outcome !== undefined) counts[outcome] += 1
    if (file !== undefined) perFile.set(file, (perFile.get(file) ?? 0) + 1)
    else console.log(line)
  }
  for (const [file, passed] of perFile) console.log(`ok   ${file || files.join(' ')} (${passed})`)
  const [code, signal] = await ended
  addCounts(counts, checkExit(counts, signal ?? code))
  return counts
}

/** AVA may die, or find nothing to run, without one failed test. Counted only then. */
function checkExit(counts: Counts, ending: number | string | null): Counts {
  // 1 is for tests that failed, which have been counted.
  if (ending === 1 && counts.failed > 0) return noCounts()
  if (ending !== 0) return reportCheck('ava', [`ended with ${ending}`])
  if (counts.passed === 0) return reportCheck('ava', ['no test was run'])
  return noCounts()
}
