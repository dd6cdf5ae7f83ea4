// Blocks fetched before anybody asks for them, and what became of them: a prefetch that nobody reads
// took bandwidth and RAM from what somebody reads, so each is followed until it is used or given up.
import type { Clock } from '../ports/clock.ts'
import type { Identity, Key, Want } from '../ports/messages.ts'
import type { Counters } from '../base/counters.ts'
import { keyOf } from '../block/key.ts'

/** Read-ahead declines beyond so many under way. */
const UNDERWAY_MAX = 256
/** What was not read within this time, or before so many later ones, was wasted. */
const UNREAD_MS = 60_000
const UNREAD_MAX = 65_536

export type PrefetchesInit = {
  readonly clock: Clock
  readonly counters: Counters
  /** @returns how many bytes it brought */
  readonly fetch: (want: Want, signal?: AbortSignal) => Promise<number>
  readonly isHere: (want: Want, key: Key) => boolean
}

type Unread = { bytes: number; readonly atMs: number }

export class Prefetches {
  readonly #init: PrefetchesInit
  /** The oldest first; those under way have no bytes yet. */
  readonly #unread = new Map<Key, Unread>()
  #underway = 0
  #unreadBytes = 0

  constructor(init: PrefetchesInit) {
    this.#init = init
  }

  get underway(): number {
    return this.#underway
  }

  /** Bytes that were brought, and that nobody has read yet. */
  get unreadBytes(): number {
    return this.#unreadBytes
  }

  /** Fetches without anybody waiting; declines where too much is under way. */
  offer(want: Want): void {
    if (this.#underway < UNDERWAY_MAX) void this.#begin(want)
  }

  /** Resolves when the block is here or could not be had: whoever reads it for real gets the error. */
  async bring(want: Want, signal?: AbortSignal): Promise<void> {
    await this.#begin(want, signal)
  }

  /** Undefined where it is here. */
  #begin(want: Want, signal?: AbortSignal): Promise<void> | undefined {
    const { clock, counters, fetch, isHere } = this.#init
    const key = keyOf(want)
    if (isHere(want, key)) return undefined
    const unread: Unread = { bytes: 0, atMs: clock.now() }
    this.#unread.set(key, unread)
    this.#sweep()
    this.#underway += 1
    counters.add('prefetches_total')
    return fetch(want, signal).then(
      (bytes) => this.#brought(key, unread, bytes),
      () => {
        this.#underway -= 1
        counters.add('prefetches_failed_total')
        this.#forget(key)
      },
    )
  }

  #brought(key: Key, unread: Unread, bytes: number): void {
    this.#underway -= 1
    this.#init.counters.add('prefetched_bytes_total', bytes)
    if (this.#unread.get(key) !== unread) return
    unread.bytes = bytes
    this.#unreadBytes += bytes
  }

  /** A program reads the block. */
  used(block: Identity): void {
    if (this.#unread.size > 0 && this.#forget(keyOf(block))) {
      this.#init.counters.add('prefetches_used_total')
    }
  }

  /** Gives up those that were not read in time. */
  #sweep(): void {
    const { clock, counters } = this.#init
    const now = clock.now()
    for (const [key, { bytes, atMs }] of this.#unread) {
      if (this.#unread.size <= UNREAD_MAX && now - atMs < UNREAD_MS) return
      this.#forget(key)
      counters.add('prefetches_wasted_total')
      counters.add('prefetch_wasted_bytes_total', bytes)
    }
  }

  #forget(key: Key): boolean {
    this.#unreadBytes -= this.#unread.get(key)?.bytes ?? 0
    return this.#unread.delete(key)
  }
}
