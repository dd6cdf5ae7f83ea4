// The threads that change a source, as many as are needed at a time up to a bound. Given up after a
// while is only the wait for a call: its thread keeps its place among the bounded number until the
// storage answers, closes what the call may have opened, and takes the next one.
import { Worker } from 'node:worker_threads'
import type { Log } from '../../../src/base/log.ts'
import type { Path } from '../../../src/ports/messages.ts'
import { MAX_WRITE_BYTES } from '../../../src/wire/limits.ts'
import { Calls, type Done } from '../system/calls.ts'
import type { ThreadAnswer, ThreadRequest } from './thread-messages.ts'

type Answered = Extract<ThreadAnswer, { readonly effects: unknown }>

export type ThreadsInit = {
  readonly threads: number
  readonly timeoutMs: number
  readonly log: Log
  /** Gives back a descriptor that nobody waits for any more. */
  readonly discard: (descriptor: number) => void
}

type Thread = {
  readonly worker: Worker
  /** Bytes to be written lie here: memory that is there already is half of a copy's cost. */
  readonly bytes: SharedArrayBuffer
  done: Done<Answered> | undefined
}

export class Threads {
  readonly #calls: Calls
  readonly #discard: (descriptor: number) => void
  readonly #idle: Thread[] = []
  readonly #all = new Set<Thread>()

  constructor({ threads, timeoutMs, log, discard }: ThreadsInit) {
    this.#calls = new Calls({ concurrency: threads, timeoutMs, log })
    this.#discard = discard
  }

  /** @throws PotluckError with the call's errno; ETIMEDOUT where the storage does not answer */
  run(path: Path, request: ThreadRequest): Promise<Answered> {
    return this.#calls.run<Answered>({
      operation: request.task.change.type,
      path,
      start: (done) => this.#start(request, done),
      discard: ({ descriptor }) => {
        if (descriptor !== undefined) this.#discard(descriptor)
      },
    })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map(({ worker }) => worker.terminate()))
  }

  #start(request: ThreadRequest, done: Done<Answered>): void {
    const thread = this.#idle.pop() ?? this.#begin()
    thread.done = done
    thread.worker.ref()
    thread.worker.postMessage(inMemoryOf(thread, request))
  }

  #begin(): Thread {
    // What one thread opens, another may close.
    const options = { trackUnmanagedFds: false }
    const worker = new Worker(new URL('./change-thread.ts', import.meta.url), options)
    const bytes = new SharedArrayBuffer(MAX_WRITE_BYTES)
    const thread: Thread = { worker, bytes, done: undefined }
    this.#all.add(thread)
    worker.on('message', (answer: ThreadAnswer) => this.#answered(thread, answer))
    worker.on('error', (error) => this.#ended(thread, error))
    worker.on('exit', () => this.#ended(thread, new Error('the thread ended')))
    return thread
  }

  #answered(thread: Thread, answer: ThreadAnswer): void {
    const { done } = thread
    thread.done = undefined
    thread.worker.unref()
    this.#idle.push(thread)
    if ('effects' in answer) done?.(null, answer)
    else done?.(Object.assign(new Error(answer.message), { code: answer.code }), NOTHING)
  }

  #ended(thread: Thread, error: Error): void {
    this.#all.delete(thread)
    const at = this.#idle.indexOf(thread)
    if (at >= 0) this.#idle.splice(at, 1)
    const { done } = thread
    thread.done = undefined
    done?.(error, NOTHING)
  }
}

/** A slice would be sent with all that it is a slice of, so what is written is put where both see it. */
function inMemoryOf({ bytes }: Thread, request: ThreadRequest): ThreadRequest {
  const { task, caller } = request
  if (task.kind !== 'file' || task.change.type !== 'write') return request
  const { length } = task.change.bytes
  const isLarge = length > bytes.byteLength
  const shared = new Uint8Array(isLarge ? new SharedArrayBuffer(length) : bytes, 0, length)
  shared.set(task.change.bytes)
  return { task: { ...task, change: { ...task.change, bytes: shared } }, caller }
}

/** In place of a value where there is an error. */
const NOTHING: Answered = { effects: [] }
