// The shared storage that all sources of a world stand before: one metadata server, one line, so many
// requests at a time, a latency besides, and less of everything the more clients wait. It counts
// exactly what it is asked.
//
// Where the defaults come from: 2 ms a call is DESIGN 4's; 20,000 metadata operations a second and
// 5 GB/s are one busy metadata server and a share of the data servers, not the best that a vendor
// shows; 256 at a time is what a server runs as threads. They are parameters because no two sites
// agree, and a report says which were used.
import type { Path } from '../../src/ports/messages.ts'
import type { Effect } from '../../src/ports/writable-source.ts'
import type { Random } from '../../src/ports/random.ts'
import { type ErrorCode, PotluckError } from '../../src/base/errors.ts'
import { logNormal } from '../engine/draws.ts'
import type { VirtualClock } from '../engine/virtual-clock.ts'

export type StorageCosts = {
  /** Of one call, at the median. @default 2 */
  readonly latencyMs: number
  /** Deviation of the latency's logarithm; 0 for a constant latency. @default 0.3 */
  readonly latencySpread: number
  /** Calls besides reads that the metadata server takes. @default 20,000 */
  readonly metadataPerSecond: number
  /** @default 5e6 (5 GB/s for all nodes together) */
  readonly bytesPerMs: number
  /** Calls served at a time; the rest queue. @default 256 */
  readonly concurrency: number
  /** Children of a directory that one client looks at at a time, as the real source does. @default 24 */
  readonly looksAtOnce: number
  /**
   * How much slower the metadata server and the line work for each further `concurrency` calls that
   * wait: the retrograde term of the universal scalability law (Gunther, 1993), by which a parallel
   * file system's throughput falls and not only levels off. 0 for none. @default 0.01
   */
  readonly congestion: number
  /** The worst that congestion does, as a factor. @default 8 */
  readonly congestionMax: number
  /** A call that hangs fails with ETIMEDOUT after this. @default 30,000 */
  readonly timeoutMs: number
}

export const DEFAULT_STORAGE: StorageCosts = {
  latencyMs: 2,
  latencySpread: 0.3,
  metadataPerSecond: 20_000,
  bytesPerMs: 5e6,
  concurrency: 256,
  looksAtOnce: 24,
  congestion: 0.01,
  congestionMax: 8,
  timeoutMs: 30_000,
}

export type StorageCall = {
  readonly kind: 'attributes' | 'list' | 'read' | 'xattrs' | 'usage' | 'change'
  readonly path: Path
  /** The number of the node that asks. */
  readonly node: number
}

/** `stall`: the call takes at least until then, in elapsed milliseconds. */
export type StorageFault =
  | { readonly type: 'error'; readonly code: ErrorCode }
  | { readonly type: 'hang' }
  | { readonly type: 'stall'; readonly untilMs: number }

export type StorageRule = (call: StorageCall) => StorageFault | undefined

export type StorageCounts = {
  readdir: number
  stat: number
  open: number
  read: number
  bytes: number
}

/** What a call weighs: metadata operations, and bytes on the line. */
export type Weight = {
  readonly operations: number
  readonly bytes: number
  /** How many times the client waits for an answer before it can ask on. @default 1 */
  readonly rounds?: number
}

export type StorageInit = {
  readonly clock: VirtualClock
  readonly random: Random
  readonly costs: StorageCosts
}

export class Storage {
  /** Asked in order at each call; the first fault counts. */
  readonly rules: StorageRule[] = []
  /** Told of what each change left behind, at the instant at which it was made. */
  readonly watchers: ((effects: readonly Effect[]) => void)[] = []
  readonly counts: StorageCounts = { readdir: 0, stat: 0, open: 0, read: 0, bytes: 0 }
  /** How often each block of each generation was read, by `inode@generation#index`. */
  readonly blockReads = new Map<string, number>()
  /** How often each directory was listed, by path. */
  readonly lists = new Map<Path, number>()
  /** When the last of the calls that hang will have failed. */
  hangsUntilMs = 0
  readonly #init: StorageInit
  #queue: (() => void)[] = []
  /** Those before it have had their turn: to shift a long array would copy it each time. */
  #queueHead = 0
  #busy = 0
  #waitingMost = 0
  #metadataFreeAt = 0
  #lineFreeAt = 0

  constructor(init: StorageInit) {
    this.#init = init
  }

  /** How many times a client waits that looks at so many children. */
  roundsFor(children: number): number {
    return Math.ceil(children / this.#init.costs.looksAtOnce)
  }

  /** Calls that wait for their turn now. */
  get waiting(): number {
    return this.#queue.length - this.#queueHead
  }

  /** The most calls that ever waited at one time. */
  get waitingMost(): number {
    return this.#waitingMost
  }

  /** By how much the storage is slower now than without a crowd: 1 to `congestionMax`. */
  get slowdown(): number {
    const { concurrency, congestion, congestionMax } = this.#init.costs
    const crowd = this.waiting / concurrency
    return Math.min(congestionMax, 1 + congestion * crowd)
  }

  /**
   * Does a call: `begin` when its turn has come, and what that returns when it is over.
   *
   * @throws PotluckError what `begin` threw, or what a rule says, at the end of the call
   */
  perform<T>(call: StorageCall, begin: () => { weight: Weight; end: () => T }): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = () => {
        this.#busy += 1
        const fault = this.#faultFor(call)
        this.#serve(fault, begin, (outcome) => {
          this.#busy -= 1
          this.#next()?.()
          if ('error' in outcome) reject(outcome.error)
          else resolve(outcome.value)
        })
      }
      if (this.#busy < this.#init.costs.concurrency) run()
      else this.#wait(run)
    })
  }

  countBlocks(name: string, indexes: { readonly from: number; readonly to: number }): void {
    for (let index = indexes.from; index < indexes.to; index++) {
      const key = `${name}#${index}`
      this.blockReads.set(key, (this.blockReads.get(key) ?? 0) + 1)
    }
  }

  countList(path: Path): void {
    this.lists.set(path, (this.lists.get(path) ?? 0) + 1)
  }

  #wait(run: () => void): void {
    this.#queue.push(run)
    this.#waitingMost = Math.max(this.#waitingMost, this.waiting)
  }

  #next(): (() => void) | undefined {
    const run = this.#queue[this.#queueHead]
    if (run === undefined) return undefined
    this.#queueHead += 1
    if (this.#queueHead * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#queueHead)
      this.#queueHead = 0
    }
    return run
  }

  #faultFor(call: StorageCall): StorageFault | undefined {
    for (const rule of this.rules) {
      const fault = rule(call)
      if (fault !== undefined) return fault
    }
    return undefined
  }

  #serve<T>(
    fault: StorageFault | undefined,
    begin: () => { weight: Weight; end: () => T },
    done: (outcome: { value: T } | { error: unknown }) => void,
  ): void {
    const { clock, random, costs } = this.#init
    const latencyMs = logNormal(random, costs.latencyMs, costs.latencySpread)
    if (fault?.type === 'hang' || fault?.type === 'error') {
      const code = fault.type === 'hang' ? 'ETIMEDOUT' : fault.code
      const error = new PotluckError(code, 'the storage failed (simulated)')
      const delayMs = fault.type === 'hang' ? costs.timeoutMs : latencyMs
      if (fault.type === 'hang') this.hangsUntilMs = clock.elapsedMs + delayMs
      clock.after(delayMs, () => done({ error }))
      return
    }
    const begun = attempt(begin)
    const weight: Weight = 'value' in begun ? begun.value.weight : { operations: 1, bytes: 0 }
    const waitMs = latencyMs * (weight.rounds ?? 1)
    const endAt = Math.max(this.#endAt(weight) + waitMs, fault?.untilMs ?? 0)
    clock.at(endAt, () => done('value' in begun ? attempt(begun.value.end) : begun))
  }

  #endAt({ operations, bytes }: Weight): number {
    const { clock, costs } = this.#init
    const now = clock.elapsedMs
    const { slowdown } = this
    const operationsMs = ((operations * 1000) / costs.metadataPerSecond) * slowdown
    const lineMs = (bytes / costs.bytesPerMs) * slowdown
    if (operations > 0) this.#metadataFreeAt = Math.max(now, this.#metadataFreeAt) + operationsMs
    if (bytes > 0) this.#lineFreeAt = Math.max(now, this.#lineFreeAt) + lineMs
    return Math.max(operations > 0 ? this.#metadataFreeAt : now, bytes > 0 ? this.#lineFreeAt : now)
  }
}

function attempt<T>(work: () => T): { value: T } | { error: unknown } {
  try {
    return { value: work() }
  } catch (error) {
    return { error }
  }
}
