// The side of a node that grants: the tables of the inodes that it keeps by the newest roll, and the
// leases under which others hold what is in them. It must never grant without a mandate, nor what
// somebody may hold of whom it does not know yet.
import type { LockRange } from '../../ports/changes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { LockAnswer, LockQuestion, LockRefusal, Member, Roll } from '../../ports/locks.ts'
import type { PeerId } from '../../ports/messages.ts'
import type { StopSignal } from '../../base/abort.ts'
import type { Random } from '../../ports/random.ts'
import * as limits from '../../wire/limits.ts'
import type { Ask } from '../roll/ballots.ts'
import type { Council } from '../roll/council.ts'
import { HandOver } from './hand-over.ts'
import { Inheritance } from './inheritance.ts'
import type { Place } from './inode-locks.ts'
import type { Mandate } from '../roll/mandate.ts'
import { has, isSame, isSameRoll, keeperOf } from '../roll/roll.ts'
import { type Session, Sessions } from './sessions.ts'
import { Tables } from './tables.ts'
import { Taking } from './taking.ts'
import { LEASE_MS, RENEW_MS } from '../terms.ts'

type Asked<Step extends LockQuestion['step']> = LockQuestion & { readonly step: Step }

export type KeeperInit = {
  readonly clock: Clock
  readonly random: Random
  readonly ask: Ask
  readonly council: Council
  readonly mandate: Mandate
}

export class Keeper {
  readonly #init: KeeperInit
  readonly #tables = new Tables()
  readonly #sessions: Sessions
  readonly #inheritance: Inheritance
  readonly #handOver: HandOver
  readonly #taking: Taking
  #cancel: (() => void) | undefined
  #isStopped = false

  constructor(init: KeeperInit) {
    this.#init = init
    this.#sessions = new Sessions({ ...init, onEnded: (holder) => this.#ended(holder) })
    this.#handOver = new HandOver(init)
    this.#taking = new Taking({
      tables: this.#tables,
      sessions: this.#sessions,
      handOver: this.#handOver,
      inheritance: () => this.#inheritance,
      isOurs: (place) => this.#isOurs(place),
      onChanged: (place) => this.#changed(place),
    })
    this.#inheritance = new Inheritance({
      ...init,
      take: (records) => {
        this.#taking.inherit(records)
        this.#sweepLater()
      },
    })
  }

  get gauges(): { readonly locks: number; readonly waiters: number; readonly sessions: number } {
    const { size: locks, waiters } = this.#tables
    return { locks, waiters, sessions: this.#sessions.size }
  }

  /** All that the roll says it keeps is known to it. */
  get isSettled(): boolean {
    return this.#inheritance.leftMs === 0
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
    this.#inheritance.stop()
    this.#tables.clear()
  }

  /** The peer has ended, or its lives before this one. */
  gone(peer: PeerId, before?: number): void {
    this.#sessions.gone(peer, before)
  }

  adopted(roll: Roll, before: Roll | undefined): void {
    const { council } = this.#init
    const isNext =
      before !== undefined && isSameRoll({ ...before, number: before.number + 1 }, roll)
    const leftMs = isNext && has(before.keepers, council.self) ? this.#inheritance.leftMs : LEASE_MS
    this.#tellHolders(roll)
    // What was kept by a roll long past may have been given to others since.
    if (!isNext) this.#tables.clear()
    const records = this.#tables.depart((place) => this.#isOurs(place))
    this.#handOver.begin(roll, { records, leftMs })
    this.#inheritance.begin(roll, { ownLeftMs: leftMs })
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
    this.#sweepLater()
    const session = this.#sessions.take(holder, asked)
    if (typeof session === 'string') return this.#refuse(session)
    const why = this.#whyNot(asked, range.kind !== 'none')
    if (why !== undefined) return this.#refuse(why)
    const owner = { holder, owner: range.owner }
    const locks = this.#tables.at(asked)
    const conflict = locks.conflict(owner, range)
    if (conflict === undefined) {
      if (locks.count(holder) >= limits.MAX_LOCKS_OF_INODE) return this.#refuse('full')
      locks.set(owner, range)
      this.#changed(asked, range)
      return this.#lease(session)
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
    return session === undefined ? this.#refuse('moved') : this.#lease(session)
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
    this.#sweepLater()
    const session = this.#sessions.take(holder, asked)
    if (typeof session === 'string') return this.#refuse(session)
    if (asked.records.some((record) => !this.#isOurs(record))) return this.#refuse('moved')
    const refused: number[] = []
    for (const [index, record] of asked.records.entries()) {
      if (!this.#taking.claim({ ...record, holder })) refused.push(index)
    }
    return this.#lease(session, refused)
  }

  #lease(session: Session, refused: readonly number[] = []): LockAnswer {
    const forMs = Math.floor(Math.min(LEASE_MS, this.#init.mandate.leftMs))
    this.#sessions.extend(session, forMs)
    return { type: 'lease', session: session.number, forMs, refused }
  }

  #refuse(why: LockRefusal): LockAnswer {
    const { roll } = this.#init.council
    return { type: 'refused', why, ...(why === 'moved' && roll && { roll }) }
  }

  #whyNot(place: Place, isGrant = true): LockRefusal | undefined {
    if (!this.#isOurs(place)) return 'moved'
    const isAble = this.#init.mandate.leftMs > 0 && this.#inheritance.knows(place)
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
    const mayGrant = (holder: Member) =>
      this.#whyNot(place) === undefined && this.#sessions.presume(holder) !== undefined
    this.#tables.pump(place, mayGrant)
  }

  #ended(holder: Member): void {
    for (const place of this.#tables.drop(holder)) this.#changed(place)
  }

  #tellHolders(roll: Roll): void {
    const { ask, council } = this.#init
    const { self } = council
    for (const { peer } of this.#sessions.holders()) {
      if (peer === self.peer) continue
      // Who does not hear of it will be told when it renews.
      ask(peer, { step: 'roll', epoch: self.epoch, roll }).catch(() => {})
    }
  }

  #sweepLater(): void {
    if (this.#isStopped || this.#cancel !== undefined) return
    this.#cancel = this.#init.clock.after(RENEW_MS / 2, () => {
      this.#cancel = undefined
      void this.#sweep()
    })
  }

  /**
   * Ends leases that have run out, and only once the voters have said *after* that there is no newer
   * roll: by a newer one the holder may have claimed its locks in time, elsewhere.
   */
  async #sweep(): Promise<void> {
    const { mandate } = this.#init
    const over = this.#sessions.over()
    if (over.length > 0 && (await mandate.confirm())) this.#sessions.end(over)
    for (const place of this.#tables.waitedFor()) this.#changed(place)
    if (this.#sessions.size > 0 || this.#tables.waiters > 0) {
      if (this.#init.council.isKeeper) await mandate.hold()
      this.#sweepLater()
    }
  }
}
