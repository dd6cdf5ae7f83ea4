// Everyone whose rumors are followed here, by life: a publisher that starts again counts from 1 again,
// and what it told in its life before may still be missing somewhere, so that life is followed on.
//
// Bounded in lives and in bytes; those not heard of for longest go first.
import type { Rumor, RumorHead } from '../ports/messages.ts'
import { type Life, nameOfLife, PublisherLog } from './publisher-log.ts'

export type LivesInit = {
  readonly own: Life
  /** @default 16,384 */
  readonly livesMax?: number
  /** @default 32 MiB */
  readonly keptBytesMax?: number
}

export class Lives {
  readonly own: PublisherLog
  readonly #livesMax: number
  readonly #keptBytesMax: number
  /** The one heard of last is the last. */
  readonly #logs = new Map<string, PublisherLog>()
  #keptBytes = 0

  constructor(init: LivesInit) {
    this.own = new PublisherLog(init.own)
    this.#logs.set(nameOfLife(init.own), this.own)
    this.#livesMax = init.livesMax ?? 16_384
    this.#keptBytesMax = init.keptBytesMax ?? 32 * 1024 * 1024
  }

  get size(): number {
    return this.#logs.size
  }

  /** What the rumors kept cost, about. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  find(life: Life): PublisherLog | undefined {
    return this.#logs.get(nameOfLife(life))
  }

  /** Of this very life: what its node told in the one before it has forgotten, as all else. */
  isOwn(life: Life): boolean {
    return this.find(life) === this.own
  }

  /** The log of a life, made where it is new; undefined where there is no room for one more. */
  follow(life: Life): PublisherLog | undefined {
    const name = nameOfLife(life)
    const known = this.#logs.get(name)
    if (known === undefined && !this.#makeRoom()) return undefined
    const log = known ?? new PublisherLog(life)
    this.#logs.delete(name)
    this.#logs.set(name, log)
    return log
  }

  keep(log: PublisherLog, rumor: Rumor): void {
    this.#keptBytes -= log.bytes
    log.add(rumor)
    this.#keptBytes += log.bytes
    for (const other of this.#logs.values()) {
      while (this.#keptBytes > this.#keptBytesMax && other.bytes > 0) {
        this.#keptBytes -= other.bytes
        other.shed()
        this.#keptBytes += other.bytes
      }
      if (this.#keptBytes <= this.#keptBytesMax) return
    }
  }

  heads(): RumorHead[] {
    const heads: RumorHead[] = []
    for (const { publisher, epoch, newest, isEmpty } of this.#logs.values()) {
      if (!isEmpty) heads.push({ publisher, epoch, number: newest })
    }
    return heads
  }

  /** Lets go the life not heard of for longest that nothing is missing of. */
  #makeRoom(): boolean {
    if (this.#logs.size < this.#livesMax) return true
    for (const [name, log] of this.#logs) {
      if (log === this.own || log.gap() !== undefined) continue
      this.#logs.delete(name)
      this.#keptBytes -= log.bytes
      return true
    }
    return false
  }
}
