// The keeper's side: of each inode, what those who had a lock of it said last.
import type { Member, ToldWithLock } from '../../ports/locks.ts'
import type { PeerId, RumorHead, Stamp } from '../../ports/messages.ts'
import { MAX_LOCK_HEADS } from '../../wire/limits.ts'
import { nameOfPlace, type Place } from './known-changes.ts'

const INODES_MAX = 16_384

type Words = {
  told: Stamp
  /** Somebody died with a lock by then. */
  since: Stamp
  /** The one who spoke last is the last: whose word is forgotten spoke many locks ago. */
  readonly heads: Map<PeerId, RumorHead>
}

export class LastWords {
  readonly #now: () => Stamp
  /** The inode that was touched last is the last. */
  readonly #words = new Map<string, Words>()

  /** @param now a stamp later than that of any change this node has heard of */
  constructor(now: () => Stamp) {
    this.#now = now
  }

  /** Takes in what somebody says who has, or had, or wants a lock. */
  note(place: Place, { told, heads }: ToldWithLock): void {
    if (told === 0 && heads.length === 0) return
    const words = this.#words.get(nameOfPlace(place)) ?? { told: 0, since: 0, heads: new Map() }
    words.told = Math.max(words.told, told)
    for (const head of heads) noteHead(words.heads, head)
    this.#keep(place, words)
  }

  /** Somebody died who had a lock of it: its last changes it may have told nobody. */
  died(place: Place): void {
    const now = this.#now()
    this.#keep(place, { told: now, since: now, heads: this.#at(place).heads })
  }

  /** For who gets a lock. Of an inode that nothing is known of, it has to look again itself. */
  of(place: Place, asker: Member): ToldWithLock & { readonly since: Stamp } {
    const words = this.#at(place)
    this.#keep(place, words)
    const { told, since } = words
    const heads = [...words.heads.values()].filter(({ publisher }) => publisher !== asker.peer)
    return { told, since, heads }
  }

  clear(): void {
    this.#words.clear()
  }

  #at(place: Place): Words {
    const known = this.#words.get(nameOfPlace(place))
    return known ?? { told: this.#now(), since: 0, heads: new Map() }
  }

  #keep(place: Place, words: Words): void {
    const name = nameOfPlace(place)
    this.#words.delete(name)
    this.#words.set(name, words)
    for (const oldest of this.#words.keys()) {
      if (this.#words.size <= INODES_MAX) break
      this.#words.delete(oldest)
    }
  }
}

function noteHead(heads: Map<PeerId, RumorHead>, head: RumorHead): void {
  const known = heads.get(head.publisher)
  const isOlder =
    known !== undefined &&
    (known.epoch > head.epoch || (known.epoch === head.epoch && known.number > head.number))
  if (isOlder) return
  heads.delete(head.publisher)
  heads.set(head.publisher, head)
  for (const oldest of heads.keys()) {
    if (heads.size <= MAX_LOCK_HEADS) break
    heads.delete(oldest)
  }
}
