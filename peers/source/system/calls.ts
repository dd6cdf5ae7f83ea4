// System calls on slow storage, a bounded number at a time. A call can't be taken back: one that
// hangs keeps its thread of libuv's pool, and so its place here, until the storage answers. What is
// given up is only the wait for it. When every place hangs, the storage is gone, and whoever comes
// then is told so at once instead of joining a queue that does not move.
import type { Log } from '../../../src/base/log.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import type { Path } from '../../../src/ports/messages.ts'
import { failureOf } from './failures.ts'
import { readablePath } from '../paths.ts'

/** What `node:fs` calls back with. */
export type Done<T> = (error: Error | null, value: T) => void

export type Call<T> = {
  /** As the system names it, such as 'lstat'. */
  readonly operation: string
  readonly path: Path
  readonly start: (done: Done<T>) => void
  /** Gives back what a call brought (a descriptor) for which nobody waits any more. */
  readonly discard?: (value: T) => void
}

export type CallsInit = {
  readonly concurrency: number
  readonly timeoutMs: number
  readonly log: Log
}

type Running = { readonly dueMs: number; giveUp(): void }
type Waiting = { run(): void; reject(error: Error): void }

export class Calls {
  readonly #init: CallsInit
  /** In the order of their start, and so of their deadlines. */
  readonly #running = new Set<Running>()
  #queue: Waiting[] = []
  #queueHead = 0
  readonly #counts = new Map<string, number>()
  #hanging = 0
  #timer: NodeJS.Timeout | undefined

  constructor(init: CallsInit) {
    this.#init = init
  }

  /** Calls that are with the storage now, those given up among them. */
  get inFlight(): number {
    return this.#running.size + this.#hanging
  }

  /** Calls given up that the storage has still not answered. */
  get hanging(): number {
    return this.#hanging
  }

  /** How many calls of each kind were made since the start. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  /** @throws PotluckError with the call's errno; ETIMEDOUT where the storage does not answer */
  run<T>(call: Call<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = (): void => this.#start(call, { resolve, reject })
      if (this.inFlight < this.#init.concurrency) run()
      else if (this.#isStuck()) reject(this.#stuckError())
      else this.#queue.push({ run, reject })
    })
  }

  #start<T>(
    call: Call<T>,
    { resolve, reject }: { resolve: (value: T) => void; reject: (error: Error) => void },
  ): void {
    this.#counts.set(call.operation, (this.#counts.get(call.operation) ?? 0) + 1)
    let isGivenUp = false
    const giveUp = (): void => {
      isGivenUp = true
      this.#hanging += 1
      reject(this.#giveUpError(call))
    }
    const running: Running = { dueMs: performance.now() + this.#init.timeoutMs, giveUp }
    this.#running.add(running)
    this.#watch()
    // Node gives `null` or `undefined` for no error, depending on the call.
    call.start((error, value) => {
      if (isGivenUp) this.#hanging -= 1
      else this.#running.delete(running)
      if (error instanceof Error) reject(failureOf(call.operation, call.path, error))
      else if (isGivenUp) call.discard?.(value)
      else resolve(value)
      this.#startNext()
      if (this.#running.size === 0) this.#timer?.unref()
    })
  }

  #startNext(): void {
    while (this.#queueHead < this.#queue.length && this.inFlight < this.#init.concurrency) {
      const next = this.#queue[this.#queueHead]
      this.#queueHead += 1
      next?.run()
    }
    if (this.#queueHead < this.#queue.length / 2) return
    this.#queue.splice(0, this.#queueHead)
    this.#queueHead = 0
  }

  /** One timer for all: it looks at the oldest call, which is due first. */
  #watch(): void {
    if (this.#timer !== undefined) return void this.#timer.ref()
    const [oldest] = this.#running
    if (oldest === undefined) return
    const leftMs = Math.max(1, oldest.dueMs - performance.now())
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#giveUpOverdue()
      this.#watch()
    }, leftMs)
  }

  #giveUpOverdue(): void {
    const now = performance.now()
    for (const running of this.#running) {
      if (running.dueMs > now) break
      this.#running.delete(running)
      running.giveUp()
    }
    if (!this.#isStuck()) return
    const waiting = this.#queue.slice(this.#queueHead)
    this.#queue = []
    this.#queueHead = 0
    for (const one of waiting) one.reject(this.#stuckError())
  }

  #isStuck(): boolean {
    return this.#hanging >= this.#init.concurrency
  }

  #giveUpError({ operation, path }: { operation: string; path: Path }): PotluckError {
    const { timeoutMs, log } = this.#init
    const message = `the storage did not answer ${operation} ${readablePath(path)} in ${timeoutMs} ms`
    log('warn', message, { operation, hanging: this.#hanging })
    return new PotluckError('ETIMEDOUT', message)
  }

  #stuckError(): PotluckError {
    const message = `the storage does not answer: all ${this.#init.concurrency} calls to it hang`
    return new PotluckError('ETIMEDOUT', message)
  }
}
