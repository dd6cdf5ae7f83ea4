// Those who hold leases at a keeper, each with the time at which its leases end. What ends with a session
// ends everywhere at once; nobody has to go through the table for it.
import type { Clock } from '../../ports/clock.ts'
import type { Member } from '../../ports/locks.ts'
import type { PeerId } from '../../ports/messages.ts'
import type { Random } from '../../ports/random.ts'
import { isSame } from '../roll/roll.ts'
import { GIVE_BACK_MS, STRICT_LEASE_MAX_MS } from './lease-terms.ts'

/** As many peers as a mesh has. */
const SESSIONS_MAX = 16_384

export type LeaseSession = {
  readonly holder: Member
  readonly number: number
  /** On this node's clock. */
  untilMs: number
  /** The newest roll by which it has spoken. */
  roll: number
  /** Of its last question. */
  turn: number
  /** Since when something has been asked back without an answer; Infinity for nothing. */
  recalledMs: number
  isEnded: boolean
}

export class LeaseSessions {
  readonly #clock: Clock
  readonly #byPeer = new Map<PeerId, LeaseSession>()
  #number: number
  #isClosed = false

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = clock
    // So that a number of an earlier life is not taken for one of this.
    this.#number = Math.floor(random.next() * 2 ** 40)
  }

  get size(): number {
    return this.#byPeer.size
  }

  /** This node keeps nothing any more. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Whether nothing that it was given counts any more. Its end is for good: it can't be renewed. */
  isOver(session: LeaseSession): boolean {
    const isOver = this.#isClosed || this.#clock.now() > session.untilMs
    if (!session.isEnded && isOver) this.#end(session)
    return session.isEnded
  }

  /**
   * The session of a holder that numbers it so. With 0 one is made where there is none. Who has missed a
   * roll does not know which of its leases are another keeper's by now, and begins anew; but what it has it
   * uses to the end of its time, and so the session before counts until then.
   */
  take(
    holder: Member,
    { session, roll }: { readonly session: number; readonly roll: number },
  ): LeaseSession | 'expired' | 'full' {
    // A message of a life before that comes late must not end what this life has.
    const later = this.#byPeer.get(holder.peer)
    if (later !== undefined && later.holder.epoch > holder.epoch) return 'expired'
    const known = this.#of(holder)
    if (session !== 0 && session !== known?.number) return 'expired'
    if (known === undefined) return this.#begin(holder, roll)
    if (roll > known.roll + 1) {
      this.#byPeer.delete(holder.peer)
      return session === 0 ? this.#begin(holder, roll) : 'expired'
    }
    known.roll = Math.max(known.roll, roll)
    return known
  }

  /** For how long it may go on, of `forMs`; never longer while it owes an answer. */
  extend(session: LeaseSession, forMs: number): number {
    const now = this.#clock.now()
    const isLate = now - session.recalledMs > GIVE_BACK_MS
    if (!isLate) session.untilMs = now + forMs
    return Math.max(0, Math.floor(Math.min(forMs, session.untilMs - now)))
  }

  /** A peer is gone, or only its lives before this one. */
  gone(peer: PeerId, before = Infinity): void {
    const session = this.#byPeer.get(peer)
    if (session !== undefined && session.holder.epoch < before) this.#end(session)
  }

  clear(): void {
    for (const session of this.#byPeer.values()) this.#end(session)
  }

  /** For good: those too are over that are nobody's newest, and would count to the end of their time. */
  close(): void {
    this.#isClosed = true
    this.clear()
  }

  #of(holder: Member): LeaseSession | undefined {
    const session = this.#byPeer.get(holder.peer)
    if (session === undefined) return undefined
    if (isSame(session.holder, holder)) return session
    this.#end(session)
    return undefined
  }

  #begin(holder: Member, roll: number): LeaseSession | 'full' {
    if (this.#byPeer.size >= SESSIONS_MAX) return 'full'
    this.#number += 1
    const session = {
      holder,
      number: this.#number,
      untilMs: this.#clock.now() + STRICT_LEASE_MAX_MS,
      roll,
      turn: 0,
      recalledMs: Infinity,
      isEnded: false,
    }
    this.#byPeer.set(holder.peer, session)
    return session
  }

  #end(session: LeaseSession): void {
    session.isEnded = true
    const { peer } = session.holder
    if (this.#byPeer.get(peer) === session) this.#byPeer.delete(peer)
  }
}
