// The keeper's side: of each inode, what those who had a lock of it said last.
import type { Member, Roll, ToldWithLock } from '../../ports/locks.ts'
import type { Stamp } from '../../ports/messages.ts'
import { MAX_LOCK_HEADS } from '../../wire/limits.ts'
import { nameOfPlace, type Place } from '../place.ts'
import { type Heads, mergeTold, noteHead } from './merge.ts'
import { Succession, type SuccessionInit } from './succession.ts'

const INODES_MAX = 16_384

type Words = {
  readonly place: Place
  told: Stamp
  /** What was changed by then may be untold; undefined until somebody gets a lock. */
  since: Stamp | undefined
  /** The one who spoke last is the last: whose word is forgotten spoke many locks ago. */
  readonly heads: Heads
}

export class LastWords {
  readonly #now: () => Stamp
  readonly #succession: Succession
  /** The inode that was touched last is the last. */
  readonly #words = new Map<string, Words>()
  /** When an inode was last forgotten. */
  #forgotten: Stamp = 0

  constructor(init: SuccessionInit) {
    this.#now = init.now
    this.#succession = new Succession(init)
  }

  /** Takes in what somebody says who has, or had, or wants a lock. */
  note(place: Place, { told, heads }: ToldWithLock): void {
    if (told === 0 && heads.length === 0) return
    const words = this.#of(place) ?? unsaid(place)
    words.told = Math.max(words.told, told)
    for (const head of heads) noteHead(words.heads, head)
    dropOldest(words.heads)
    this.#keep(words)
  }

  /** Somebody died who had a lock of it: its last changes it may have told nobody. */
  died(place: Place): void {
    const now = this.#now()
    this.#keep({ ...(this.#of(place) ?? unsaid(place)), told: now, since: now })
  }

  /** For who gets a lock. Of an inode that nothing is known of, it has to look again itself. */
  of(place: Place, asker: Member): ToldWithLock & { readonly since: Stamp } {
    const words = this.#of(place) ?? { ...unsaid(place), told: this.#now() }
    this.#keep(words)
    if (words.since === undefined) {
      // What the asker says itself is not all that there is to know.
      const before = this.#succession.of(place)
      words.since = before.since
      words.told = Math.max(words.told, before.told, before.since, this.#forgotten)
      for (const head of before.heads) noteHead(words.heads, head)
      dropOldest(words.heads)
    }
    const { told, since } = words
    const { peer, epoch } = asker
    const heads = [...words.heads.values()].filter(
      (head) => head.publisher !== peer || head.epoch !== epoch,
    )
    return { told, since, heads }
  }

  /**
   * By a new roll. `hasStayed`: this node was a keeper by the one before, and `isKept` says of what it
   * still is. @returns all that was said to it of what others keep from now on, if that can be known
   */
  adopted(
    roll: Roll,
    { hasStayed, isKept }: { hasStayed: boolean; isKept: (place: Place) => boolean },
  ): ToldWithLock | undefined {
    const departing = [this.#succession.adopted(roll, hasStayed)]
    for (const [name, { place, told, since = 0, heads }] of this.#words) {
      if (isKept(place)) continue
      this.#words.delete(name)
      departing.push(since > 0 ? undefined : { told, heads: [...heads.values()] })
    }
    return mergeTold(departing)
  }

  /** The keeper before hands over; without `told` it does not know all itself. */
  said(by: Member, told: ToldWithLock | undefined): void {
    this.#succession.said(by, told)
  }

  #of(place: Place): Words | undefined {
    return this.#words.get(nameOfPlace(place))
  }

  #keep(words: Words): void {
    const name = nameOfPlace(words.place)
    this.#words.delete(name)
    this.#words.set(name, words)
    for (const oldest of this.#words.keys()) {
      if (this.#words.size <= INODES_MAX) break
      this.#words.delete(oldest)
      this.#forgotten = this.#now()
    }
  }
}

function unsaid({ volume, inode }: Place): Words {
  return { place: { volume, inode }, told: 0, since: undefined, heads: new Map() }
}

function dropOldest(heads: Heads): void {
  for (const oldest of heads.keys()) {
    if (heads.size <= MAX_LOCK_HEADS) return
    heads.delete(oldest)
  }
}
