// Notifies of one kind on their way to the kernel, a batch at a time. The queue is bounded: when too
// much waits, all of it becomes "everything of this kind", which is slow and never stale.
import type { Batch } from '../../device/notifier.ts'

const MAX_WAITING = 65_536
const BATCH = 1024

export type NotifyQueueInit<Item> = {
  readonly encode: (item: Item) => Uint8Array
  /** All that there is of this kind. */
  readonly everything: () => Iterable<Uint8Array>
  /** These have been taken; 'everything' once the last of a sweep has. */
  readonly onTaken: (items: readonly (Item | 'everything')[]) => void
}

export class NotifyQueue<Item extends object> {
  readonly #init: NotifyQueueInit<Item>
  #waiting: (Item | 'everything')[] = []
  #at = 0
  /** What "everything" still has to say, before what came after it. */
  #sweep: Iterator<Uint8Array> | undefined
  /** Given out by `next`, and not done. */
  #underway = 0
  #pushed = 0
  #isOver = false
  /** Who waits until the kernel has taken so many of those that were pushed; in this order. */
  readonly #settling: { pushed: number; readonly settle: () => void }[] = []

  constructor(init: NotifyQueueInit<Item>) {
    this.#init = init
  }

  /** How many the kernel has not taken; a sweep counts as one. */
  get waiting(): number {
    const sweeps = this.#sweep === undefined ? 0 : 1
    return this.#waiting.length - this.#at + this.#underway + sweeps
  }

  /** Whether everything is yet to be told, or being told. */
  get isSweeping(): boolean {
    return this.#sweep !== undefined || this.#waiting[this.#at] === 'everything'
  }

  /** @returns false where too much waits; everything is told then */
  push(item: Item): boolean {
    if (this.waiting >= MAX_WAITING) {
      this.pushEverything()
      return false
    }
    this.#pushed++
    this.#waiting.push(item)
    return true
  }

  pushEverything(): void {
    this.#pushed++
    this.#waiting = ['everything']
    this.#at = 0
    // What others waited for is told with it.
    for (const waiter of this.#settling) waiter.pushed = this.#pushed
  }

  /** Calls back once the kernel has taken all that was pushed before. */
  whenTaken(settle: () => void): void {
    if (this.#isOver || this.waiting === 0) settle()
    else this.#settling.push({ pushed: this.#pushed, settle })
  }

  /** The kernel takes nothing any more: nobody waits. */
  giveUp(): void {
    this.#isOver = true
    this.#settle(this.#pushed)
  }

  /** The next notifies, one behind the other; undefined if nothing waits. */
  next(): Batch | undefined {
    const taken: (Item | 'everything')[] = []
    const notifies = [...this.#take(taken)]
    if (notifies.length === 0) {
      if (taken.length > 0) this.#onTaken(taken)
      return undefined
    }
    const bytes = new Uint8Array(Buffer.concat(notifies))
    this.#underway = taken.length
    const done = () => {
      this.#underway = 0
      this.#onTaken(taken)
    }
    return { bytes, done }
  }

  #onTaken(items: readonly (Item | 'everything')[]): void {
    this.#init.onTaken(items)
    this.#settle(this.#pushed - this.waiting)
  }

  #settle(taken: number): void {
    while ((this.#settling[0]?.pushed ?? Infinity) <= taken) this.#settling.shift()?.settle()
  }

  *#take(taken: (Item | 'everything')[]): Generator<Uint8Array> {
    for (let count = 0; count < BATCH;) {
      const notify = this.#fromSweep(taken) ?? this.#fromQueue(taken)
      if (notify !== undefined) {
        count++
        yield notify
      } else if (this.#sweep === undefined) return
    }
  }

  #fromSweep(taken: (Item | 'everything')[]): Uint8Array | undefined {
    const step = this.#sweep?.next()
    if (step?.done === true) {
      this.#sweep = undefined
      taken.push('everything')
    }
    return step?.done === false ? step.value : undefined
  }

  /** Undefined where the queue is empty or begins a sweep. */
  #fromQueue(taken: (Item | 'everything')[]): Uint8Array | undefined {
    const item = this.#waiting[this.#at++]
    if (this.#at >= this.#waiting.length) {
      this.#waiting = []
      this.#at = 0
    }
    if (item === 'everything') {
      this.#sweep = this.#init.everything()[Symbol.iterator]()
      return undefined
    }
    if (item === undefined) return undefined
    taken.push(item)
    return this.#init.encode(item)
  }
}
