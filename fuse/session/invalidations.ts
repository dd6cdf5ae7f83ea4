// What the volume says the kernel must forget → notifies, a batch at a time. The queue is bounded:
// when too much waits, all of it becomes "forget everything", which is slow and never stale.
import { incrementEpoch, invalidateEntry, invalidateInode } from '../protocol/notify.ts'
import type { KernelInvalidation } from '../../src/volume/volume.ts'
import type { References } from './references.ts'

const MAX_WAITING = 65_536
const BATCH = 1024

export class Invalidations {
  readonly #references: References
  #waiting: KernelInvalidation[] = []
  #at = 0
  /** What "everything" still has to say, before what came after it. */
  #sweep: Iterator<Uint8Array> | undefined
  #hasEpoch = false
  #count = 0
  #overflows = 0

  constructor(references: References) {
    this.#references = references
  }

  /** How many there have been; an answer begun before the newest may be older than it. */
  get count(): number {
    return this.#count
  }

  get waiting(): number {
    return this.#waiting.length - this.#at
  }

  get overflows(): number {
    return this.#overflows
  }

  /** Once it is known what this kernel understands. */
  start(options: { hasEpoch: boolean }): void {
    this.#hasEpoch = options.hasEpoch
  }

  push(invalidation: KernelInvalidation): void {
    this.#count++
    if (invalidation.type === 'everything') this.#replace(invalidation)
    else if (this.waiting < MAX_WAITING) this.#waiting.push(invalidation)
    else {
      this.#overflows++
      this.#replace({ type: 'everything' })
    }
  }

  #replace(invalidation: KernelInvalidation): void {
    this.#waiting = [invalidation]
    this.#at = 0
  }

  /** The next notifies, one behind the other; undefined if nothing waits. */
  next(): Uint8Array | undefined {
    const notifies = [...this.#take()]
    return notifies.length === 0 ? undefined : new Uint8Array(Buffer.concat(notifies))
  }

  *#take(): Generator<Uint8Array> {
    for (let taken = 0; taken < BATCH;) {
      const notify = this.#fromSweep() ?? this.#fromQueue()
      if (notify !== undefined) {
        taken++
        yield notify
      } else if (this.#sweep === undefined) return
    }
  }

  #fromSweep(): Uint8Array | undefined {
    const step = this.#sweep?.next()
    if (step?.done === true) this.#sweep = undefined
    return step?.done === false ? step.value : undefined
  }

  /** Undefined where the queue is empty or begins a sweep. */
  #fromQueue(): Uint8Array | undefined {
    const invalidation = this.#waiting[this.#at++]
    if (this.#at >= this.#waiting.length) {
      this.#waiting = []
      this.#at = 0
    }
    if (invalidation?.type !== 'everything') return invalidation && toNotify(invalidation)
    this.#sweep = this.#everything()
    return undefined
  }

  /** Names first: attributes asked for anew under an old name would be believed. */
  *#everything(): Generator<Uint8Array> {
    if (this.#hasEpoch) yield incrementEpoch()
    else
      for (const { parent, name } of this.#references.names()) yield invalidateEntry(parent, name)
    for (const nodeid of this.#references.nodeids()) yield invalidateInode(nodeid, { data: true })
  }
}

function toNotify(invalidation: Exclude<KernelInvalidation, { type: 'everything' }>): Uint8Array {
  return invalidation.type === 'inode'
    ? invalidateInode(invalidation.nodeid, { data: invalidation.data })
    : invalidateEntry(invalidation.parent, invalidation.name)
}
