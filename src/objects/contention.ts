import { hashOf } from '../log/format/hash.ts'
import type { Clock } from '../ports/clock.ts'
import type { ObjectKey } from './operation.ts'

/** Failures are counted over about twice this. */
const WINDOW_MS = 100
const COUNTERS = 4096
/** More failures of one key than this in a window, and who fails waits for a turn. */
const THRESHOLD = 16
/** How long a turn lasts if its holder does not come back. */
const TURN_MS = 5
/** Who may wait for one key; others are answered at once. */
const MOST_WAITING = 1024

type Queue = { readonly waiting: (() => void)[]; cancel: () => void }

/**
 * Keys that many want to swap at the same time. Without more, each change makes all others fail, who
 * read again, and all but one fail again. So failures are counted, in a counting Bloom filter that
 * forgets; above a threshold the answer to who fails is held back until it is its turn: then it is
 * told the version of that moment, and the others are still waiting while it tries again.
 */
export class Contention {
  readonly #clock: Clock
  readonly #threshold: number
  readonly #counters = new Uint16Array(COUNTERS)
  readonly #queues = new Map<string, Queue>()
  #isFading = false

  constructor(clock: Clock, threshold = THRESHOLD) {
    this.#clock = clock
    this.#threshold = threshold
  }

  /** Keys for which somebody has the turn. */
  get queues(): number {
    return this.#queues.size
  }

  /** Counts a failure. Resolves when it is the caller's turn: at once where few fail. */
  async failed(key: ObjectKey): Promise<void> {
    const places = placesOf(key)
    for (const place of places) {
      this.#counters[place] = Math.min(65_535, (this.#counters[place] ?? 0) + 1)
    }
    this.#fade()
    const failures = Math.min(...places.map((place) => this.#counters[place] ?? 0))
    if (failures > this.#threshold) await this.#turn(nameOf(key))
  }

  /** The key was changed: whoever had the turn has used it, or lost it. */
  changed(key: ObjectKey): void {
    if (this.#queues.size > 0) this.#next(nameOf(key))
  }

  #turn(name: string): Promise<void> {
    const queue = this.#queues.get(name)
    if (queue === undefined) {
      this.#queues.set(name, { waiting: [], cancel: this.#timer(name) })
      return Promise.resolve()
    }
    if (queue.waiting.length >= MOST_WAITING) return Promise.resolve()
    return new Promise((resolve) => queue.waiting.push(resolve))
  }

  #next(name: string): void {
    const queue = this.#queues.get(name)
    if (queue === undefined) return
    queue.cancel()
    const next = queue.waiting.shift()
    if (next === undefined) return void this.#queues.delete(name)
    queue.cancel = this.#timer(name)
    next()
  }

  #timer(name: string): () => void {
    return this.#clock.after(TURN_MS, () => this.#next(name))
  }

  /** Halves all counters now and then, until none is left. */
  #fade(): void {
    if (this.#isFading) return
    this.#isFading = true
    this.#clock.after(WINDOW_MS, () => {
      this.#isFading = false
      for (let i = 0; i < COUNTERS; i++) this.#counters[i] = (this.#counters[i] ?? 0) >> 1
      if (this.#counters.some((count) => count > 0)) this.#fade()
    })
  }
}

function placesOf(key: ObjectKey): number[] {
  const { tag, middle, low } = hashOf(key, 1)
  return [tag % COUNTERS, middle % COUNTERS, low % COUNTERS]
}

function nameOf(key: ObjectKey): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
}
