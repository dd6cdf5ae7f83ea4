// Starts the process of one run, and sees it to its end.
import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import type { ExperimentResult, Progress } from '../../../../sim/experiment.ts'
import { abortedError } from '../../../../src/base/abort.ts'
import { PotluckError } from '../../../../src/base/errors.ts'
import type { RunMessage } from './run-child.ts'
import type { RunTask } from '../run-flags.ts'

export type RunProcessOptions = {
  /** Most of its heap. @default four fifths of the machine's memory, as far as it can be mapped */
  readonly memoryMiB: number | undefined
  readonly onDrawn: (drawn: readonly string[]) => void
  readonly onProgress: (progress: Progress) => void
  /** Ends the run early: its result is what is known by then. */
  readonly signal: AbortSignal
}

const CHILD = fileURLToPath(new URL('./run-child.ts', import.meta.url))
/**
 * The young generation. Small, it stays in the processor's cache, and what is allocated there costs no
 * trip to memory; but what a message needs while it is under way must fit in several times over, or
 * it becomes old before it is done with, and the more nodes, the more is under way.
 */
const YOUNG_MIB = { least: 16, most: 512, nodesAMiB: 8 }

/** What the heap consists of: Linux allows a process only so many mappings, and one more is fatal. */
const MIB_A_MAPPING = 0.25
/** Left to all else that needs mappings: threads, buffers, the young generation. */
const MAPPINGS_SPARED = 0.15

/** @throws PotluckError as the run does, ENOMEM where its heap was too small, EIO where it died */
export function runInProcess(task: RunTask, options: RunProcessOptions): Promise<ExperimentResult> {
  const heapMiB = options.memoryMiB ?? defaultHeapMiB()
  const { least, most, nodesAMiB } = YOUNG_MIB
  const youngMiB = Math.min(most, Math.max(least, Math.ceil(task.plan.nodes / nodesAMiB)))
  const execArgv = [
    `--max-old-space-size=${heapMiB}`,
    `--max-semi-space-size=${youngMiB}`,
    // Else V8 makes old what was long-lived while the world was built, such as events, for ever after.
    '--no-allocation-site-pretenuring',
  ]
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
    child.on('exit', (code, signal) => {
      // The key that interrupts us interrupts it, too, though it may not have listened yet.
      const isOurs = options.signal.aborted && signal !== null && signal !== 'SIGKILL'
      const death = () => (isOurs ? abortedError() : deathOf(complaint, { code, signal, heapMiB }))
      const bury = () => reject(death())
      // What it said last may be read only after it is gone.
      if (child.connected) child.once('disconnect', () => setImmediate(bury))
      else setImmediate(bury)
    })
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
  if (/out of memory|heap limit/i.test(complaint)) {
    const remedy = 'give more with --memory, or run fewer nodes'
    return new PotluckError('ENOMEM', `the run needs more than ${end.heapMiB} MiB; ${remedy}`)
  }
  if (end.signal === 'SIGKILL') {
    const hint = 'most likely by the system, because memory had run out'
    return new PotluckError('ENOMEM', `the run's process was killed, ${hint}`)
  }
  const why = end.signal === null ? `with code ${end.code}` : `by ${end.signal}`
  const said = complaint.trim() === '' ? 'and said nothing' : `and said: ${complaint.trim()}`
  return new PotluckError('EIO', `the run's process ended without a result, ${why}, ${said}`)
}

function defaultHeapMiB(): number {
  const memoryMiB = (os.totalmem() / 2 ** 20) * 0.8
  return Math.floor(Math.min(memoryMiB, mappings() * (1 - MAPPINGS_SPARED) * MIB_A_MAPPING))
}

/** How many mappings a process may have; no bound where the system says nothing of one. */
function mappings(): number {
  try {
    return Number(readFileSync('/proc/sys/vm/max_map_count', 'utf8'))
  } catch {
    return Infinity
  }
}
