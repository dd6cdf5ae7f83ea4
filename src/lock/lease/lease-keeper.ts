// The side of a node that leases. It keeps the inodes that the newest roll gives it, as it keeps their
// locks: with a mandate, and only once it is certain of what the keeper before it has given.
//
// Of an inode, each who asks has their turn: first others give back what stands in the way, or their time
// runs out; only then is it leased. It must never lease to one who would not see what another did
// before: so each lease says which rumors have to be heard first.
import type { Clock } from '../../ports/clock.ts'
import type {
  LeaseAnswer,
  LeasedChange,
  LeaseKind,
  LeaseQuestion,
} from '../../ports/leases/lease-messages.ts'
import type { LockRefusal, Member, Roll } from '../../ports/locks.ts'
import type { PeerId, Stamp } from '../../ports/messages.ts'
import type { Random } from '../../ports/random.ts'
import type { StopSignal } from '../../base/abort.ts'
import type { Counters } from '../../base/counters.ts'
import { sleep } from '../../base/time.ts'
import { Turns } from '../../authority/changes/turns.ts'
import type { Council } from '../roll/council.ts'
import type { Mandate } from '../roll/mandate.ts'
import { isSame, keeperOf } from '../roll/roll.ts'
import type { Inheritance } from '../keeper/inheritance.ts'
import { LEASE_MS } from '../terms.ts'
import { Inherited } from './inherited.ts'
import { fadeMs } from './lease-terms.ts'
import { type LeaseSession, LeaseSessions } from './lease-sessions.ts'
import { nameOfPlace, type Place } from '../place.ts'
import { type Departed, type Entry, LeaseTable } from './lease-table.ts'
import { type AskLease, recall } from './recalls.ts'

type Asked<Step extends LeaseQuestion['step']> = LeaseQuestion & { readonly step: Step }
type Lease = { readonly session: LeaseSession; readonly kind: LeaseKind; readonly turn: number }

const SETTLE_AGAIN_MS = 50

export type LeaseKeeperInit = {
  readonly clock: Clock
  readonly random: Random
  readonly counters: Counters
  readonly ask: AskLease
  readonly council: Council
  readonly mandate: Mandate
  readonly leaseMs: number
  /** Above the stamps of all changes that this node has heard of. */
  readonly now: () => Stamp
  /** What the keepers before have handed over. */
  readonly inheritance: () => Inheritance
}

export class LeaseKeeper {
  readonly #init: LeaseKeeperInit
  readonly #sessions: LeaseSessions
  readonly #table = new LeaseTable()
  readonly #turns = new Turns()
  #departed: Departed = { leasedMs: 0, changedMs: 0 }
  /** What it has not kept by the roll before. */
  readonly #inherited: Inherited

  constructor(init: LeaseKeeperInit) {
    this.#init = init
    this.#sessions = new LeaseSessions(init)
    this.#inherited = new Inherited(init)
  }

  get size(): number {
    return this.#table.size
  }

  /** How long others may yet use, and change, what was leased to them here and is another's now. */
  get departedLeft(): { readonly leasedForMs: number; readonly changedForMs: number } {
    const now = this.#init.clock.now()
    const { leasedMs, changedMs } = this.#departed
    return { leasedForMs: Math.max(0, leasedMs - now), changedForMs: Math.max(0, changedMs - now) }
  }

  gone(peer: PeerId, before?: number): void {
    this.#sessions.gone(peer, before)
  }

  /** To be told before the keeper of locks is. */
  adopted(roll: Roll, before: Roll | undefined): void {
    if (!this.#inherited.adopted(roll, before)) {
      this.#sessions.clear()
      this.#table.clear()
    }
    const { leasedMs, changedMs } = this.#table.depart((place) => this.#isOurs(place))
    const known = this.#departed
    this.#departed = {
      leasedMs: Math.max(leasedMs, known.leasedMs),
      changedMs: Math.max(changedMs, known.changedMs),
    }
  }

  async answer(
    holder: Member,
    asked: Asked<'ask' | 'renew'>,
    signal: StopSignal,
  ): Promise<LeaseAnswer> {
    if (!(await this.#init.mandate.hold())) return this.#refuse('later')
    return asked.step === 'ask' ? this.#ask(holder, asked, signal) : this.#renew(holder, asked)
  }

  stop(): void {
    this.#sessions.close()
    this.#table.clear()
  }

  #renew(holder: Member, asked: Asked<'renew'>): LeaseAnswer {
    const why = this.#whyNot(asked, [])
    if (why !== undefined) return this.#refuse(why)
    const session = this.#sessions.take(holder, asked)
    if (typeof session === 'string') return this.#refuse(session)
    return this.#leased(session, { turn: session.turn, entries: [], refused: [] })
  }

  async #ask(holder: Member, asked: Asked<'ask'>, signal: StopSignal): Promise<LeaseAnswer> {
    const { volume, inodes, isPatient, kind } = asked
    const places = inodes.map((inode) => ({ volume, inode }))
    const why = this.#whyNot(asked, places)
    if (why !== undefined) return this.#refuse(why)
    const session = this.#sessions.take(holder, asked)
    if (typeof session === 'string') return this.#refuse(session)
    session.turn += 1
    const lease = { session, kind, turn: session.turn }
    const entries = places.map((place) => this.#entry(place))
    const refused: number[] = []
    const waits: Promise<boolean>[] = []
    for (const [index, entry] of entries.entries()) {
      if (entry === undefined) refused.push(index)
      else if (this.#isFree(entry, lease)) give(entry, lease)
      else if (!isPatient) refused.push(index)
      else waits.push(this.#clear(entry, lease, signal))
    }
    if (!(await Promise.all(waits)).every(Boolean)) return this.#refuse('later')
    // Much may have happened meanwhile; what was given for nothing is asked back like any other.
    const whyNow = session.isEnded ? 'expired' : this.#whyNot(asked, places)
    if (whyNow !== undefined) return this.#refuse(whyNow)
    return this.#leased(session, { turn: lease.turn, entries, refused })
  }

  #entry(place: Place): Entry | undefined {
    const { now } = this.#init
    return this.#table.at(place, now, () => this.#inherited.since(place))
  }

  /** Has everything given back that stands in the way; false where that came to nothing. */
  async #clear(entry: Entry, lease: Lease, signal: StopSignal): Promise<boolean> {
    const { clock } = this.#init
    // Others need not wait for that, nor for who waits for it.
    while (!this.#isSettled(entry.place, lease.kind)) {
      if (signal.aborted || this.#sessions.isClosed) return false
      if (lease.session.isEnded || !this.#isOurs(entry.place)) return false
      await sleep(clock, SETTLE_AGAIN_MS)
    }
    return this.#turns.take([nameOfPlace(entry.place)], async () => {
      if (signal.aborted || !this.#isSettled(entry.place, lease.kind)) return false
      const keeps = lease.kind === 'sole' ? 'nothing' : 'shared'
      const others = this.#conflicts(entry, lease)
      await Promise.all(others.map((other) => this.#recall(entry, other, keeps)))
      if (lease.session.isEnded) return false
      give(entry, lease)
      return true
    })
  }

  #recall(entry: Entry, session: LeaseSession, keeps: 'shared' | 'nothing'): Promise<void> {
    this.#init.counters.add('lease_recalls_total')
    const { council } = this.#init
    const what = { entry, session, keeps, epoch: council.self.epoch }
    return recall({ ...this.#init, sessions: this.#sessions }, what)
  }

  #isFree(entry: Entry, lease: Lease): boolean {
    if (this.#turns.has(nameOfPlace(entry.place))) return false
    return this.#isSettled(entry.place, lease.kind) && this.#conflicts(entry, lease).length === 0
  }

  /** What the keeper before leased to readers has run out. */
  #isSettled(place: Place, kind: LeaseKind): boolean {
    return kind === 'shared' || this.#inherited.hasRunOut(place)
  }

  #conflicts({ grants }: Entry, { session, kind }: Lease): LeaseSession[] {
    const others: LeaseSession[] = []
    for (const [other, grant] of grants) {
      if (other !== session && (kind === 'sole' || grant.kind === 'sole')) others.push(other)
    }
    return others
  }

  #whyNot(asked: { readonly roll: number }, places: readonly Place[]): LockRefusal | undefined {
    const { council } = this.#init
    const { roll } = council
    if (roll === undefined || asked.roll < roll.number) return 'moved'
    if (asked.roll > roll.number) return 'later'
    if (!council.isKeeper || !places.every((place) => this.#isOurs(place))) return 'moved'
    const areKnown = places.every((place) => this.#inherited.isKnown(place))
    const isAble = areKnown && this.#mostMs > 0
    return isAble ? undefined : 'later'
  }

  #isOurs(place: Place): boolean {
    const { roll, self } = this.#init.council
    return roll !== undefined && isSame(keeperOf(roll.keepers, place), self)
  }

  #leased(
    session: LeaseSession,
    given: {
      readonly turn: number
      readonly entries: readonly (Entry | undefined)[]
      readonly refused: readonly number[]
    },
  ): LeaseAnswer {
    const { now } = this.#init
    const { turn, entries, refused } = given
    const forMs = this.#sessions.extend(session, this.#mostMs)
    const since = entries[0]?.since ?? 0
    const changes: LeasedChange[] = []
    for (const [index, entry] of entries.entries()) {
      const isPlain = entry === undefined || (entry.since === since && entry.heads.length === 0)
      if (!isPlain) changes.push({ index, heads: entry.heads, since: entry.since })
    }
    const { number } = session
    return { type: 'leased', session: number, forMs, turn, since, now: now(), changes, refused }
  }

  /** How long a lease may be now: all have run out so long after nobody vouches for this keeper. */
  get #mostMs(): number {
    const { mandate, leaseMs } = this.#init
    return Math.min(leaseMs, mandate.leftMs - LEASE_MS + fadeMs(leaseMs))
  }

  #refuse(why: LockRefusal): LeaseAnswer {
    const { roll } = this.#init.council
    return { type: 'refused', why, ...(why === 'moved' && roll && { roll }) }
  }
}

function give({ grants }: Entry, { session, kind, turn }: Lease): void {
  const known = grants.get(session)
  const isSole = kind === 'sole' || known?.kind === 'sole'
  grants.set(session, { kind: isSole ? 'sole' : 'shared', turn: Math.max(turn, known?.turn ?? 0) })
}
