// The process of one run, so that a run has a heap of its own size, and may be ended: takes a task from the
// command that forked it, says now and then how far it is, and at the end the result. An interrupt
// is the parent's to handle: it says when to stop. It must never end before its last word is heard.
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import path from 'node:path'
import { nodeLines } from '../../../../sim/node-lines.ts'
import type { World } from '../../../../sim/world.ts'
import { type Progress, runExperiment } from '../../../../sim/experiment.ts'
import type { ExperimentResult } from '../../../../sim/experiment.ts'
import { codeOf, type ErrorCode } from '../../../../src/base/errors.ts'
import { preparedExperimentOf } from '../../../../sim/plan.ts'
import { readTrace, type RunTask } from '../run-flags.ts'
import { keepHeapInOnePiece } from './heap-in-one-piece.ts'
import { say } from './say.ts'

/** What this process sends. */
export type RunMessage =
  | { readonly type: 'drawn'; readonly drawn: readonly string[] }
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'result'; readonly result: ExperimentResult }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string }

const PROGRESS_EVERY_MS = 200

async function run({ plan, traceFile, nodeFile }: RunTask): Promise<void> {
  await keepHeapInOnePiece()
  const stopped = new AbortController()
  process.on('message', () => stopped.abort())
  // Whoever asked for this is gone.
  process.on('disconnect', () => stopped.abort())
  const traceLines = traceFile === undefined ? undefined : readTrace(traceFile)
  let timer: NodeJS.Timeout | undefined
  const onStart = (drawn: readonly string[], look: () => Progress) => {
    void tell({ type: 'drawn', drawn })
    const tellHowFar = () => void tell({ type: 'progress', progress: look() })
    timer = setInterval(tellHowFar, PROGRESS_EVERY_MS)
  }
  try {
    const { signal } = stopped
    const onEnd = (world: World) => {
      if (nodeFile !== undefined) writeLines(nodeFile, nodeLines(world))
    }
    const experiment = await preparedExperimentOf(plan, { traceLines })
    const result = await runExperiment({ ...experiment, onStart, onEnd, signal })
    await tell({ type: 'result', result })
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    await tell({ type: 'failed', code: codeOf(error), message })
  } finally {
    clearInterval(timer)
    if (process.connected) process.disconnect()
  }
}

function writeLines(file: string, lines: Iterable<string>): void {
  mkdirSync(path.dirname(file), { recursive: true })
  const to = openSync(file, 'w')
  try {
    for (const line of lines) writeSync(to, `${line}\n`)
  } finally {
    closeSync(to)
  }
}

function tell(message: RunMessage): Promise<void> {
  return say(message)
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined)
process.once('message', (task) => void run(task as RunTask))
