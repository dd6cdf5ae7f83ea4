// Runs AVA and counts its results. Failures are printed with their details, skips with their reason,
// the rest as one number a file.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { addCounts, type Counts, noCounts, reportCheck } from './counts.ts'
import { readTap, type TapResult } from './tap.ts'
import { BIN } from './tool.ts'

export async function runAva(files: readonly string[], env: NodeJS.ProcessEnv): Promise<Counts> {
  const counts = noCounts()
  const perFile = new Map<string, number>()
  const reader = readTap((result) => {
    counts[result.outcome] += 1
    report(result)
    const file = result.title.split(' › ').slice(0, -1).join('/')
    if (result.outcome === 'passed') perFile.set(file, (perFile.get(file) ?? 0) + 1)
  })
  // Several of our tests start processes of their own, so more at once than cores would only
  // stretch every wait in them.
  const args = ['--tap', `--concurrency=${Math.max(2, availableParallelism() - 1)}`, ...files]
  const child = spawn(join(BIN, 'ava'), args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  for await (const line of createInterface({ input: child.stdout })) reader.line(line)
  reader.end()
  for (const [file, passed] of perFile) console.log(`ok   ${file || files.join(' ')} (${passed})`)
  const [code, signal] = await ended
  addCounts(counts, checkExit(counts, signal ?? code))
  return counts
}

function report({ outcome, title, details }: TapResult): void {
  if (outcome === 'skipped') console.log(`skip ${title}`)
  if (outcome === 'failed') reportCheck(title, details)
}

/** AVA may die, or find nothing to run, without one failed test. Counted only then. */
function checkExit(counts: Counts, ending: number | string | null): Counts {
  if (counts.failed > 0) return noCounts()
  if (ending !== 0) return reportCheck('ava', [`ended with ${ending}, though no test failed`])
  if (counts.passed === 0) return reportCheck('ava', ['no test was run'])
  return noCounts()
}
