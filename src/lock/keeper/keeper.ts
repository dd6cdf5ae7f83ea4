// The side of a node that grants: the tables of the inodes that it keeps by the newest roll, and the
// leases under which others hold what is in them. It must never grant without a mandate, nor what
// somebody may hold of whom it does not know yet.
import type { LockRange } from '../../ports/changes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { LockAnswer, LockQuestion, LockRefusal, Member, Roll } from '../../ports/locks.ts'
import type { PeerId, Stamp } from '../../ports/messages.ts'
import type { StopSignal } from '../../base/abort.ts'
import type { Random } from '../../ports/random.ts'
import * as limits from '../../wire/limits.ts'
import type { Ask } from '../roll/ballots.ts'
import type { Council } from '../roll/council.ts'
import { LastWords } from '../told/last-words.ts'
import { HandOver, type LeasesLeft } from './hand-over.ts'
import { Inheritance } from './inheritance.ts'
import type { Place } from '../place.ts'
import type { Mandate } from '../roll/mandate.ts'
import { has, isSame, isSameRoll, keeperOf } from '../roll/roll.ts'
import { type Session, Sessions } from './sessions.ts'
import { Sweeper } from './sweeper.ts'
import { Tables } from './tables.ts'
import { Taking } from './taking.ts'
import { LEASE_MS } from '../terms.ts'

type Asked<Step extends LockQuestion['step']> = LockQuestion & { readonly step: Step }

const NOTHING_TOLD = { told: 0, heads: [], since: 0 }

export type KeeperInit = {
  readonly clock: Clock
  readonly random: Random
  readonly ask: Ask
  readonly council: Council
  readonly mandate: Mandate
  /** A stamp later than that of any change this node has heard of. */
  readonly now: () => Stamp
  /** For so long others may yet use, and change, what is handed over: see lease/. */
  readonly leasesLeft: () => LeasesLeft
}

export class Keeper {
  readonly #init: KeeperInit
  readonly #tables = new Tables()
  readonly #words: LastWords
  readonly #sessions: Sessions
  readonly inheritance: Inheritance
  readonly #handOver: HandOver
  readonly #taking: Taking
  readonly #sweeper: Sweeper

  constructor(init: KeeperInit) {
    this.#init = init
    this.#words = new LastWords({ self: init.council.self, now: init.now })
    this.#sessions = new Sessions({ ...init, onEnded: (holder) => this.#ended(holder) })
    this.#sweeper = new Sweeper(init.clock, () => this.#sweep())
    this.#handOver = new HandOver(init)
    this.#taking = new Taking({
      tables: this.#tables,
      sessions: this.#sessions,
      handOver: this.#handOver,
      inheritance: () => this.inheritance,
      isOurs: (place) => this.#isOurs(place),
      onChanged: (place) => this.#changed(place),
    })
    this.inheritance = new Inheritance({
      ...init,
      take: (by, { records, told }) => {
        this.#words.said(by, told)
        this.#taking.inherit(records)
        this.#sweeper.later()
      },
    })
  }

  get gauges(): { readonly locks: number; readonly waiters: number; readonly sessions: number } {
    const { size: locks, waiters } = this.#tables
    return { locks, waiters, sessions: this.#sessions.size }
  }

  /** All that the roll says it keeps is known to it. */
  get isSettled(): boolean {
    return this.inheritance.leftMs === 0
  }

  stop(): void {
    this.#sweeper.stop()
    this.inheritance.stop()
    this.#tables.clear()
  }

  /** The peer has ended, or its lives before this one. */
  gone(peer: PeerId, before?: number): void {
    this.#sessions.gone(peer, before)
  }

  adopted(roll: Roll, before: Roll | undefined): void {
    const { ask, council } = this.#init
    const isNext =
      before !== undefined && isSameRoll({ ...before, number: before.number + 1 }, roll)
    const hasStayed = isNext && has(before.keepers, council.self)
    const leftMs = hasStayed ? this.inheritance.leftMs : LEASE_MS
    this.#sessions.tell(roll, { ask, self: council.self })
    const isKept = (place: Place): boolean => hasStayed && this.#isOurs(place)
    const told = this.#words.adopted(roll, { hasStayed, isKept })
    // What was kept by a roll long past may have been given to others since.
    if (!isNext) this.#tables.clear()
    const records = this.#tables.depart((place) => this.#isOurs(place))
    this.#handOver.begin(roll, { records, leftMs, told, ...this.#init.leasesLeft() })
    this.inheritance.begin(roll, { ownLeftMs: leftMs })
    if (!isNext || !council.isKeeper) this.#sessions.clear()
  }

  async answer(
    holder: Member,
    asked: Asked<'set' | 'test' | 'renew' | 'claim' | 'handover'>,
    signal: StopSignal,
  ): Promise<LockAnswer> {
    switch (asked.step) {
      case 'set':
        return this.#set(holder, asked, signal)
      case 'test':
        return this.#test(holder, asked)
      case 'renew':
        return this.#renew(holder, asked)
      case 'claim':
        return this.#claim(holder, asked)
      case 'handover':
        return this.#handOver.answer(holder, asked.roll)
    }
  }

  async #set(holder: Member, asked: Asked<'set'>, signal: StopSignal): Promise<LockAnswer> {
    const { range } = asked
    if (range.kind !== 'none') await this.#init.mandate.hold()
    this.#sweeper.later()
    const session = this.#sessions.take(holder, asked)
    if (typeof session === 'string') return this.#refuse(session)
    const why = this.#whyNot(asked, range.kind !== 'none')
    if (why !== undefined) return this.#refuse(why)
    this.#words.note(asked, asked)
    const owner = { holder, owner: range.owner }
    const locks = this.#tables.at(asked)
    const conflict = locks.conflict(owner, range)
    if (conflict === undefined) {
      if (locks.count(holder) >= limits.MAX_LOCKS_OF_INODE) return this.#refuse('full')
      locks.set(owner, range)
      this.#changed(asked, range)
      return this.#lease(session, asked)
    }
    if (asked.wait) return this.#wait(owner, asked, signal)
    return { type: 'conflict', holder: conflict.holder.peer, range: conflict.range }
  }

  async #wait(
    owner: { readonly holder: Member; readonly owner: bigint },
    asked: Asked<'set'>,
    signal: StopSignal,
  ): Promise<LockAnswer> {
    const outcome = await this.#tables.wait(owner, asked, signal)
    if (outcome !== 'granted') return this.#refuse(outcome)
    const session = this.#sessions.of(owner.holder)
    if (session === undefined) return this.#refuse('moved')
    return this.#lease(session, asked)
  }

  async #test(holder: Member, asked: Asked<'test'>): Promise<LockAnswer> {
    await this.#init.mandate.hold()
    const why = this.#whyNot(asked)
    if (why !== undefined) return this.#refuse(why)
    const owner = { holder, owner: asked.range.owner }
    const conflict = this.#tables.find(asked)?.conflict(owner, asked.range)
    if (conflict === undefined) return { type: 'free' }
    return { type: 'conflict', holder: conflict.holder.peer, range: conflict.range }
  }

  async #renew(holder: Member, asked: Asked<'renew'>): Promise<LockAnswer> {
    const { council, mandate } = this.#init
    if (!council.isKeeper) return this.#refuse('moved')
    if (!(await mandate.hold())) return this.#refuse('later')
    const session = this.#sessions.of(holder)
    if (session?.number !== asked.session) return this.#refuse('expired')
    return this.#lease(session)
  }

  async #claim(holder: Member, asked: Asked<'claim'>): Promise<LockAnswer> {
    if (!(await this.#init.mandate.hold())) return this.#refuse('later')
    this.#sweeper.later()
    const session = this.#sessions.take(holder, asked)
    if (typeof session === 'string') return this.#refuse(session)
    if (asked.records.some((record) => !this.#isOurs(record))) return this.#refuse('moved')
    const refused = asked.records.flatMap((record, index) =>
      this.#taking.claim({ ...record, holder }) ? [] : [index],
    )
    return this.#lease(session, undefined, refused)
  }

  #lease(session: Session, place?: Place, refused: readonly number[] = []): LockAnswer {
    const forMs = Math.floor(Math.min(LEASE_MS, this.#init.mandate.leftMs))
    this.#sessions.extend(session, forMs)
    const words = place === undefined ? NOTHING_TOLD : this.#words.of(place, session.holder)
    return { type: 'lease', session: session.number, forMs, ...words, refused }
  }

  #refuse(why: LockRefusal): LockAnswer {
    const { roll } = this.#init.council
    return { type: 'refused', why, ...(why === 'moved' && roll && { roll }) }
  }

  #whyNot(place: Place, isGrant = true): LockRefusal | undefined {
    if (!this.#isOurs(place)) return 'moved'
    const isAble = this.#init.mandate.leftMs > 0 && this.inheritance.knows(place)
    return isAble || !isGrant ? undefined : 'later'
  }

  #isOurs(place: Place): boolean {
    const { roll, self } = this.#init.council
    return roll !== undefined && isSame(keeperOf(roll.keepers, place), self)
  }

  /** Something may be free now. */
  #changed(place: Place, range?: LockRange): void {
    if (range?.kind === 'write') return
    // The lease begins with the lock: one that is just about to end must not take it away again.
    const letIn = (holder: Member) =>
      this.#whyNot(place) === undefined ? this.#sessions.letIn(holder) : undefined
    this.#tables.pump(place, letIn)
  }

  #ended(holder: Member): void {
    for (const place of this.#tables.drop(holder)) {
      this.#words.died(place)
      this.#changed(place)
    }
  }

  /**
   * Ends leases that have run out, and only once the voters have said *after* that there is no newer
   * roll: by a newer one the holder may have claimed its locks in time, elsewhere.
   */
  async #sweep(): Promise<boolean> {
    const { mandate } = this.#init
    const over = this.#sessions.over()
    if (over.length > 0 && (await mandate.confirm())) this.#sessions.end(over)
    for (const place of this.#tables.waitedFor()) this.#changed(place)
    const isNeeded = this.#sessions.size > 0 || this.#tables.waiters > 0
    if (isNeeded && this.#init.council.isKeeper) await mandate.hold()
    return isNeeded
  }
}
