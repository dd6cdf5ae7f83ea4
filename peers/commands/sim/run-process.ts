// Starts the process of one run, and sees it to its end.
import { fork } from 'node:child_process'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import type { ExperimentResult, Progress } from '../../../sim/experiment.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import type { RunMessage } from './run-child.ts'
import type { RunTask } from './run-flags.ts'

export type RunProcessOptions = {
  /** Most of its heap. @default four fifths of the machine's memory */
  readonly memoryMiB: number | undefined
  readonly onDrawn: (drawn: readonly string[]) => void
  readonly onProgress: (progress: Progress) => void
  /** Ends the run early: its result is what is known by then. */
  readonly signal: AbortSignal
}

const CHILD = fileURLToPath(new URL('./run-child.ts', import.meta.url))
/**
 * The young generation: most of what a run allocates is gone once a message is handled, and the rest
 * with it; the more nodes, the more messages are under way, which each collection copies.
 */
const YOUNG_MIB = { least: 64, most: 512, nodesAMiB: 16 }

/** @throws PotluckError as the run does, ENOMEM where its heap was too small, EIO where it died */
export function runInProcess(task: RunTask, options: RunProcessOptions): Promise<ExperimentResult> {
  const heapMiB = options.memoryMiB ?? Math.floor((os.totalmem() / 2 ** 20) * 0.8)
  const { least, most, nodesAMiB } = YOUNG_MIB
  const youngMiB = Math.min(most, Math.max(least, Math.ceil(task.plan.nodes / nodesAMiB)))
  const execArgv = [`--max-old-space-size=${heapMiB}`, `--max-semi-space-size=${youngMiB}`]
  const child = fork(CHILD, [], { execArgv, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
  let complaint = ''
  child.stderr?.on('data', (text: Buffer) => {
    complaint = (complaint + text.toString()).slice(-COMPLAINT_MAX)
  })
  const stop = () => child.send({ type: 'stop' }, () => undefined)
  options.signal.addEventListener('abort', stop, { once: true })
  return new Promise<ExperimentResult>((resolve, reject) => {
    child.on('message', (message: RunMessage) => {
      if (message.type === 'drawn') options.onDrawn(message.drawn)
      else if (message.type === 'progress') options.onProgress(message.progress)
      else if (message.type === 'result') resolve(message.result)
      else reject(new PotluckError(message.code, message.message))
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => reject(deathOf(complaint, { code, signal, heapMiB })))
    child.send(task)
  }).finally(() => {
    options.signal.removeEventListener('abort', stop)
    if (child.connected) child.disconnect()
  })
}

const COMPLAINT_MAX = 4_096

function deathOf(
  complaint: string,
  end: { code: number | null; signal: string | null; heapMiB: number },
): PotluckError {
  if (/heap out of memory|heap limit/i.test(complaint)) {
    const remedy = 'give more with --memory, or run fewer nodes'
    return new PotluckError('ENOMEM', `the run needs more than ${end.heapMiB} MiB; ${remedy}`)
  }
  const why = end.signal === null ? `with code ${end.code}` : `by ${end.signal}`
  return new PotluckError('EIO', `the run's process ended ${why}: ${complaint.trim()}`)
}
