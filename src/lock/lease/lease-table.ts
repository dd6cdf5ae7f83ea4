// What a keeper knows of each inode: who has leased it, and what whoever leases it next must have heard
// of first. It must never forget what was changed without saying that something may have been.
import type { LeaseKind } from '../../ports/leases/lease-messages.ts'
import type { RumorHead, Stamp } from '../../ports/messages.ts'
import { MAX_LEASED_HEADS } from '../../wire/limits.ts'
import { nameOfPlace, type Place } from '../place.ts'
import type { LeaseSession } from './lease-sessions.ts'

export type Grant = { kind: LeaseKind; turn: number }

export type Entry = {
  readonly place: Place
  readonly grants: Map<LeaseSession, Grant>
  /** Rumors that tell of the last changes, the newest of each publisher. */
  heads: readonly RumorHead[]
  /** What was read before is not to be used; 0 for none. */
  since: Stamp
}

/** The latest end of a lease, and of a sole one, among what is another's now; 0 for none. */
export type Departed = { readonly leasedMs: number; readonly changedMs: number }

/** With sixteen keepers as many inodes as a large tree has, leased by a mesh of thousands. */
const ENTRIES_MAX = 262_144

export class LeaseTable {
  readonly #entries = new Map<string, Entry>()
  /** What was read before is not to be used, of any inode that had an entry and has none. */
  #forgotten: Stamp = 0

  get size(): number {
    return this.#entries.size
  }

  /**
   * Undefined where there is no room for one more. `now`: above the stamps of all changes so far.
   * `since`: what was read before is not to be used, where nothing else is known.
   */
  at(place: Place, now: () => Stamp, since: () => Stamp): Entry | undefined {
    const name = nameOfPlace(place)
    const known = this.#entries.get(name)
    if (known !== undefined) return known
    if (this.#entries.size >= ENTRIES_MAX && !this.#makeRoom(now)) return undefined
    const atLeast = Math.max(this.#forgotten, since())
    const entry: Entry = { place, grants: new Map(), heads: [], since: atLeast }
    this.#entries.set(name, entry)
    return entry
  }

  /** Forgets what is not ours by a new roll. */
  depart(isOurs: (place: Place) => boolean): Departed {
    let [leasedMs, changedMs] = [0, 0]
    for (const [name, { place, grants }] of this.#entries) {
      if (isOurs(place)) continue
      this.#entries.delete(name)
      for (const [session, { kind }] of grants) {
        if (session.isEnded) continue
        leasedMs = Math.max(leasedMs, session.untilMs)
        if (kind === 'sole') changedMs = Math.max(changedMs, session.untilMs)
      }
    }
    return { leasedMs, changedMs }
  }

  clear(): void {
    this.#entries.clear()
  }

  /** Lets go what nobody has leased. */
  #makeRoom(now: () => Stamp): boolean {
    for (const [name, { grants }] of this.#entries) {
      for (const session of grants.keys()) if (session.isEnded) grants.delete(session)
      if (grants.size === 0) this.#entries.delete(name)
    }
    this.#forgotten = now()
    return this.#entries.size < ENTRIES_MAX
  }
}

/** A change was made under a lease that was given back, and this rumor tells of it. */
export function noteHead(entry: Entry, head: RumorHead, now: () => Stamp): void {
  const isSame = (one: RumorHead): boolean =>
    one.publisher === head.publisher && one.epoch === head.epoch
  const heads = [...entry.heads.filter((one) => !isSame(one)), head]
  if (heads.length <= MAX_LEASED_HEADS) entry.heads = heads
  else noteUnknown(entry, now)
}

/** A change may have been made of which nobody tells. */
export function noteUnknown(entry: Entry, now: () => Stamp): void {
  entry.heads = []
  entry.since = now()
}
