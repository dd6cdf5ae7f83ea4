import type { Clock } from '../../ports/clock.ts'
import type { LeaseKind } from '../../ports/leases/lease-messages.ts'
import type { Member } from '../../ports/locks.ts'
import type { Stamp } from '../../ports/messages.ts'
import type { Place } from '../place.ts'

/** What one keeper has promised: all that it has leased to this node ends with it. */
export type Term = {
  readonly keeper: Member
  /** As the keeper numbers it. */
  readonly session: number
  /** On this node's clock. */
  untilMs: number
}

export type HeldInit = {
  readonly place: Place
  readonly kind: LeaseKind
  readonly turn: number
  /** A reading older than this is of no use. */
  readonly since: Stamp
}

/** A lease that this node has, or had: once it has ended it is never good again. */
export class Held {
  readonly place: Place
  readonly term: Term
  kind: LeaseKind
  turn: number
  readonly since: Stamp
  /** Whether something may have been changed under it. */
  hasChanged = false
  /** So long the kernel may believe what it was told under this lease. */
  believedUntilMs = 0
  readonly #clock: Clock
  #isEnded = false
  #isClosed = false
  #pins = 0
  #frozenUntilMs = Infinity
  #unpinned: PromiseWithResolvers<void> | undefined

  constructor(clock: Clock, term: Term, init: HeldInit) {
    this.#clock = clock
    this.term = term
    this.place = init.place
    this.kind = init.kind
    this.turn = init.turn
    this.since = init.since
  }

  /** What is cached may be used. */
  get isGood(): boolean {
    return this.leftMs > 0
  }

  /** The inode may be changed. */
  get isSole(): boolean {
    return this.kind === 'sole' && !this.#isClosed && this.isGood
  }

  get isPinned(): boolean {
    return this.#pins > 0
  }

  get leftMs(): number {
    if (this.#isEnded) return 0
    return Math.max(0, Math.min(this.term.untilMs, this.#frozenUntilMs) - this.#clock.now())
  }

  /** It is not renewed any more: someone else keeps this inode by now. */
  freeze(): void {
    this.#frozenUntilMs = Math.min(this.#frozenUntilMs, this.term.untilMs)
  }

  end(): void {
    this.#isEnded = true
  }

  /** Nothing new is changed under it until `reopen`. */
  close(): void {
    this.#isClosed = true
  }

  /** Others read it, too, from here on. */
  share(): void {
    this.kind = 'shared'
    this.#isClosed = false
  }

  /** A change is under way; `unpin` must follow. */
  pin(): void {
    this.#pins += 1
    this.hasChanged = true
  }

  unpin(): void {
    this.#pins -= 1
    if (this.#pins > 0) return
    this.#unpinned?.resolve()
    this.#unpinned = undefined
  }

  /** Resolves once no change is under way. */
  unpinned(): Promise<void> | undefined {
    if (this.#pins === 0) return undefined
    this.#unpinned ??= Promise.withResolvers()
    return this.#unpinned.promise
  }
}
