// `potluck sim run`: one run after another, each told of before it starts, and a table at the end.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ExperimentResult, Progress } from '../../../sim/experiment.ts'
import { type Entry, entryOf } from '../../../sim/report/entry.ts'
import { describePlan } from '../../../sim/plan.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import { formatCount, formatDuration } from '../options/quantities.ts'
import { progressBar } from '../progress.ts'
import type { Terminal } from '../terminal.ts'
import { type RunFlags, type RunTask, tasksOf } from './run-flags.ts'
import { runInProcess } from './process/run-process.ts'
import { pageAt, writeReport } from './report-command.ts'
import { resultsTable } from './results-table.ts'

/** So often a log is told how far a run is, where nobody watches a bar. */
const LOG_EVERY_MS = 60_000

/** @throws PotluckError ABORTED after an interrupt, once what was known by then is told */
export async function runSim(flags: RunFlags, terminal: Terminal): Promise<void> {
  const tasks = tasksOf(flags, terminal)
  const { report } = flags
  const page = report === undefined ? undefined : pageAt('--report', report, terminal)
  const results: ExperimentResult[] = []
  const entries: Entry[] = []
  for (const task of tasks) {
    if (terminal.interrupted.aborted) break
    const result = await runOne(task, flags, terminal)
    results.push(result)
    entries.push(entryOf(task.plan, result))
    // Each time: a sweep may take hours, and its last run may fail.
    if (page !== undefined) await writeReport(page, entries)
    if (flags.out !== undefined) write(path.resolve(terminal.cwd, flags.out), task.name, result)
  }
  terminal.out(flags.json === true ? `${JSON.stringify(results)}\n` : resultsTable(entries))
  if (terminal.interrupted.aborted) throw new PotluckError('ABORTED', 'interrupted')
}

async function runOne(
  task: RunTask,
  flags: RunFlags,
  terminal: Terminal,
): Promise<ExperimentResult> {
  const { plan } = task
  terminal.err(`sim run ${describePlan(plan)}\n`)
  const bar = progressBar(terminal, `${plan.way} on ${formatCount(plan.nodes)}`)
  const startedAt = performance.now()
  let toldMs = 0
  const onProgress = (progress: Progress) => {
    const wallMs = performance.now() - startedAt
    const note = noteOf(progress, wallMs)
    if (!terminal.isWatched && wallMs - toldMs >= LOG_EVERY_MS) {
      toldMs = wallMs
      const percent = ((100 * progress.steps) / progress.stepsTotal).toFixed(1)
      terminal.err(`  ${percent} % after ${formatDuration(wallMs)}: ${note}\n`)
    }
    bar.update(Math.min(progress.steps, progress.stepsTotal), progress.stepsTotal, note)
  }
  const onDrawn = (drawn: readonly string[]) => {
    for (const line of drawn) terminal.err(`  ${line}\n`)
  }
  const options = { onDrawn, memoryMiB: flags.memory, onProgress, signal: terminal.interrupted }
  const result = await runInProcess(task, options).finally(() => bar.stop())
  terminal.err(`  ${summaryOf(result)}\n`)
  return result
}

function noteOf({ virtualMs, events }: Progress, wallMs: number): string {
  const rate = formatCount(Math.round((events * 1000) / wallMs))
  return `${formatDuration(virtualMs)} simulated, ${rate} events/s`
}

function summaryOf({ isComplete, hash, wall, events }: ExperimentResult): string {
  const early = isComplete ? '' : 'ended early; '
  const { ms, cpuMs, eventsPerSecond, rssBytes } = wall
  const speed = `${formatCount(Math.round(eventsPerSecond))} events/s`
  const memory = `${Math.round(rssBytes / 2 ** 20)} MiB`
  return (
    `${early}${formatCount(events)} events in ${formatDuration(ms)} (CPU ${formatDuration(cpuMs)}), ` +
    `${speed}, ${memory}; hash ${hash}`
  )
}

function write(directory: string, name: string, result: ExperimentResult): void {
  mkdirSync(directory, { recursive: true })
  writeFileSync(path.join(directory, `${name}.json`), `${JSON.stringify(result)}\n`)
}
