// The leases that a keeper has given, one for each peer that holds locks here. When one ends, whatever
// it covered is free.
import type { Clock } from '../../ports/clock.ts'
import type { LockTurn, Member, Roll } from '../../ports/locks.ts'
import type { PeerId } from '../../ports/messages.ts'
import type { Random } from '../../ports/random.ts'
import type { Ask } from '../roll/ballots.ts'
import { isSame } from '../roll/roll.ts'
import { LEASE_MS } from '../terms.ts'

/** As many peers as a mesh has. */
const SESSIONS_MAX = 16_384

export type Session = {
  readonly holder: Member
  readonly number: number
  /** On this node's clock. */
  untilMs: number
  /** Of the last message taken. */
  sequence: number
}

export type SessionsInit = {
  readonly clock: Clock
  readonly random: Random
  readonly onEnded: (holder: Member) => void
}

export class Sessions {
  readonly #init: SessionsInit
  readonly #byPeer = new Map<PeerId, Session>()
  #number: number

  constructor(init: SessionsInit) {
    this.#init = init
    // So that a number of an earlier life is not taken for one of this.
    this.#number = Math.floor(init.random.next() * 2 ** 40)
  }

  get size(): number {
    return this.#byPeer.size
  }

  /** Who does not hear of a new roll now will be told when it renews. */
  tell(roll: Roll, { ask, self }: { readonly ask: Ask; readonly self: Member }): void {
    for (const { holder } of this.#byPeer.values()) {
      if (holder.peer === self.peer) continue
      ask(holder.peer, { step: 'roll', epoch: self.epoch, roll }).catch(() => {})
    }
  }

  /** The holder's, if it has one. */
  of(holder: Member): Session | undefined {
    const session = this.#byPeer.get(holder.peer)
    return session !== undefined && isSame(session.holder, holder) ? session : undefined
  }

  /** A later life of its peer has a session here: what is left of this one comes late. */
  isPast({ peer, epoch }: Member): boolean {
    const session = this.#byPeer.get(peer)
    return session !== undefined && session.holder.epoch > epoch
  }

  /**
   * The session that a message belongs to, made where the holder knows of none; or why there is none.
   * A holder that says 0 relies on nothing from before.
   */
  take(holder: Member, turn: LockTurn): Session | 'expired' | 'stale' | 'full' {
    if (this.isPast(holder)) return 'expired'
    const known = this.of(holder)
    if (turn.session !== 0 && turn.session !== known?.number) return 'expired'
    if (known !== undefined && turn.sequence <= known.sequence) return 'stale'
    const session = known ?? this.#begin(holder)
    if (session === undefined) return 'full'
    session.sequence = turn.sequence
    return session
  }

  /** Whether who has waited may have the lock now. Its lease begins with it. */
  letIn(holder: Member): 'granted' | 'moved' | undefined {
    if (this.isPast(holder)) return 'moved'
    return this.presume(holder) && 'granted'
  }

  /**
   * A lease that another keeper gave may last so long; the holder will claim what it holds. Not to be
   * presumed of a life that is past.
   */
  presume(holder: Member): Session | undefined {
    const session = this.of(holder) ?? this.#begin(holder)
    if (session !== undefined) this.extend(session, LEASE_MS)
    return session
  }

  extend(session: Session, forMs: number): void {
    session.untilMs = Math.max(session.untilMs, this.#init.clock.now() + forMs)
  }

  /** Those whose time is over. */
  over(): readonly Session[] {
    const now = this.#init.clock.now()
    return [...this.#byPeer.values()].filter(({ untilMs }) => untilMs < now)
  }

  /** Ends these, but for those that were extended meanwhile. */
  end(sessions: readonly Session[]): void {
    const now = this.#init.clock.now()
    for (const session of sessions) {
      if (session.untilMs < now && this.of(session.holder) === session) this.#end(session)
    }
  }

  /** A peer is gone, or only its lives before this one. */
  gone(peer: PeerId, before = Infinity): void {
    const session = this.#byPeer.get(peer)
    if (session !== undefined && session.holder.epoch < before) this.#end(session)
  }

  clear(): void {
    for (const session of this.#byPeer.values()) this.#end(session)
  }

  #begin(holder: Member): Session | undefined {
    this.gone(holder.peer)
    if (this.#byPeer.size >= SESSIONS_MAX) return undefined
    this.#number += 1
    const untilMs = this.#init.clock.now() + LEASE_MS
    const session = { holder, number: this.#number, untilMs, sequence: 0 }
    this.#byPeer.set(holder.peer, session)
    return session
  }

  #end(session: Session): void {
    this.#byPeer.delete(session.holder.peer)
    this.#init.onEnded(session.holder)
  }
}
