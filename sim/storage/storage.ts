// The shared storage that all sources of a world stand before: one metadata server, one line, so many
// requests at a time, and a latency besides. It counts exactly what it is asked.
import type { Path } from '../../src/ports/messages.ts'
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
  /** A call that hangs fails with ETIMEDOUT after this. @default 30,000 */
  readonly timeoutMs: number
}

export const DEFAULT_STORAGE: StorageCosts = {
  latencyMs: 2,
  latencySpread: 0.3,
  metadataPerSecond: 20_000,
  bytesPerMs: 5e6,
  concurrency: 256,
  timeoutMs: 30_000,
}

export type StorageCall = {
  readonly kind: 'attributes' | 'list' | 'read' | 'xattrs' | 'usage'
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
export type Weight = { readonly operations: number; readonly bytes: number }

export type StorageInit = {
  readonly clock: VirtualClock
  readonly random: Random
  readonly costs: StorageCosts
}

export class Storage {
  /** Asked in order at each call; the first fault counts. */
  readonly rules: StorageRule[] = []
  readonly counts: StorageCounts = { readdir: 0, stat: 0, open: 0, read: 0, bytes: 0 }
  /** How often each block of each generation was read, by `inode@generation#index`. */
  readonly blockReads = new Map<string, number>()
  /** How often each directory was listed, by path. */
  readonly lists = new Map<Path, number>()
  readonly #init: StorageInit
  readonly #queue: (() => void)[] = []
  #busy = 0
  #metadataFreeAt = 0
  #lineFreeAt = 0

  constructor(init: StorageInit) {
    this.#init = init
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
          this.#queue.shift()?.()
          if ('error' in outcome) reject(outcome.error)
          else resolve(outcome.value)
        })
      }
      if (this.#busy < this.#init.costs.concurrency) run()
      else this.#queue.push(run)
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
      clock.after(delayMs, () => done({ error }))
      return
    }
    const begun = attempt(begin)
    const weight = 'value' in begun ? begun.value.weight : { operations: 1, bytes: 0 }
    const endAt = Math.max(this.#endAt(weight) + latencyMs, fault?.untilMs ?? 0)
    clock.at(endAt, () => done('value' in begun ? attempt(begun.value.end) : begun))
  }

  #endAt({ operations, bytes }: Weight): number {
    const { clock, costs } = this.#init
    const now = clock.elapsedMs
    const operationsMs = (operations * 1000) / costs.metadataPerSecond
    this.#metadataFreeAt = Math.max(now, this.#metadataFreeAt) + operationsMs
    this.#lineFreeAt = Math.max(now, this.#lineFreeAt) + bytes / costs.bytesPerMs
    return Math.max(this.#metadataFreeAt, bytes > 0 ? this.#lineFreeAt : 0)
  }
}

function attempt<T>(work: () => T): { value: T } | { error: unknown } {
  try {
    return { value: work() }
  } catch (error) {
    return { error }
  }
}
