// The holder's side, when it gets a lock: it hears what those who had the lock before have told, and
// drops what it has cached from before where that can't be had.
import type { Clock } from '../../ports/clock.ts'
import type { ToldWithLock } from '../../ports/locks.ts'
import type { Invalidation, RumorHead, Stamp } from '../../ports/messages.ts'
import { sleep } from '../../base/time.ts'
import { SKEW } from '../../block/order.ts'
import { type HybridClock, msOf, SKEW_MS } from '../../block/stamp.ts'
import { EVERYTHING } from '../../rumor/floors.ts'
import { nameOfPlace, type Place } from '../place.ts'
import type { KnownChanges } from './known-changes.ts'

/** Who has told a rumor and does not repeat it for so long may be dead. */
const PATIENCE_MS = 2_000
/** It is no longer by clocks that differ by no more than they may; by others, waiting helps nothing. */
const AHEAD_MS = 2 * SKEW_MS

export type HearingInit = {
  readonly clock: Clock
  readonly stamps: HybridClock
  readonly changes: KnownChanges
  /** Takes in all that was told up to there; false where that can't be had. */
  readonly hear: (head: RumorHead) => Promise<boolean>
  /** What is cached of an inode from before this change must not be used any more. */
  readonly apply: (change: Invalidation) => void
}

export class Hearing {
  readonly #init: HearingInit
  /** By the name of the inode: who shares a lock waits for what the first one has yet to hear. */
  readonly #underWay = new Map<string, Promise<void>>()

  constructor(init: HearingInit) {
    this.#init = init
  }

  /** Begins to hear what came with a lock. */
  heed(place: Place, said: ToldWithLock & { readonly since: Stamp }): void {
    const name = nameOfPlace(place)
    const before = this.#underWay.get(name)
    const hearing = Promise.all([before, this.#hearAll(place, said)]).then(() => undefined)
    const forgetting = hearing.finally(() => {
      if (this.#underWay.get(name) === forgetting) this.#underWay.delete(name)
    })
    this.#underWay.set(name, forgetting)
  }

  /** Resolves, never rejects, once all that came with locks of the inode is known here. */
  async heard(place: Place): Promise<void> {
    await this.#underWay.get(nameOfPlace(place))
  }

  async #hearAll(
    { volume, inode }: Place,
    { told, heads, since }: ToldWithLock & { readonly since: Stamp },
  ): Promise<void> {
    const { stamps, changes, apply } = this.#init
    const heard = await Promise.all(heads.map((head) => this.#hear(head)))
    if (heard.includes(false)) await this.#forget(volume, stamps.tick())
    if (since > 0 && stamps.witness(since)) await this.#forget(volume, since)
    if (told === 0 || !stamps.witness(told) || !changes.raise({ volume, inode }, told)) return
    apply({ volume, inode, stamp: told })
  }

  /**
   * Something read a moment before may be stamped later than changes of then, by clocks that differ;
   * what is read from now on is surely later, once this clock has come so far.
   */
  async #forget(volume: string, since: Stamp): Promise<void> {
    const { clock, apply } = this.#init
    const stamp = since + SKEW
    const leftMs = Math.ceil(msOf(stamp) - clock.now())
    if (leftMs > 0) await sleep(clock, Math.min(leftMs, AHEAD_MS))
    apply({ volume, inode: EVERYTHING, stamp })
  }

  #hear(head: RumorHead): Promise<boolean> {
    const { clock, hear } = this.#init
    return new Promise((resolve) => {
      const cancel = clock.after(PATIENCE_MS, () => resolve(false))
      const settle = (isHeard: boolean): void => {
        cancel()
        resolve(isHeard)
      }
      hear(head).then(settle, () => settle(false))
    })
  }
}
