// The terms on which this node holds leases, one for each keeper, each renewed for all of its leases at
// once. A term counts from before it was asked for, and a little less than was said: so it is over
// here before it is over there. It must never be longer again once it was over.
import type { Clock } from '../../ports/clock.ts'
import type { LeaseAnswer } from '../../ports/leases/lease-messages.ts'
import type { Member, Roll } from '../../ports/locks.ts'
import type { Council } from '../roll/council.ts'
import { nameOf } from '../roll/roll.ts'
import type { Term } from './held.ts'
import { COUNTED_ON, RENEWALS } from './lease-terms.ts'
import type { AskLease } from './recalls.ts'

export type HeldTermsInit = {
  readonly clock: Clock
  readonly ask: AskLease
  readonly council: Council
  readonly leaseMs: number
  readonly onSilence: (keeper: Member) => void
  readonly onRoll: (roll: Roll | undefined) => void
  /** Time to look at what has run out. */
  readonly onTick: () => void
}

export class HeldTerms {
  readonly #init: HeldTermsInit
  readonly #terms = new Map<string, Term>()
  #cancel: (() => void) | undefined
  #isStopped = false

  constructor(init: HeldTermsInit) {
    this.#init = init
  }

  /** As the keeper numbers it; 0 where there is none. */
  sessionAt(keeper: Member): number {
    return this.#terms.get(nameOf(keeper))?.session ?? 0
  }

  /** A keeper has answered what was asked at `askedMs`. */
  granted(
    keeper: Member,
    { session, forMs }: LeaseAnswer & { readonly type: 'leased' },
    askedMs: number,
  ): Term {
    const name = nameOf(keeper)
    const known = this.#terms.get(name)
    const isSame = known?.session === session && known.untilMs > this.#init.clock.now()
    const term = isSame ? known : { keeper, session, untilMs: 0 }
    term.untilMs = Math.max(term.untilMs, askedMs + forMs * COUNTED_ON)
    this.#terms.set(name, term)
    this.#renewLater()
    return term
  }

  /** The keeper knows nothing of it any more, or will not hear of it: it runs out. */
  forget(keeper: Member): void {
    this.#terms.delete(nameOf(keeper))
  }

  clear(): void {
    this.#terms.clear()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  #renewLater(): void {
    if (this.#isStopped || this.#cancel !== undefined) return
    const { clock, leaseMs, onTick } = this.#init
    this.#cancel = clock.after(leaseMs / RENEWALS, () => {
      this.#cancel = undefined
      onTick()
      for (const term of this.#terms.values()) void this.#renew(term)
      if (this.#terms.size > 0) this.#renewLater()
    })
  }

  async #renew(term: Term): Promise<void> {
    const { ask, council, clock, onSilence, onRoll } = this.#init
    const { keeper, session } = term
    const askedMs = clock.now()
    if (term.untilMs <= askedMs) return this.forget(keeper)
    const roll = council.roll?.number ?? 0
    const question = { step: 'renew', epoch: council.self.epoch, roll, session } as const
    try {
      const answer = await ask(keeper.peer, question)
      if (this.#terms.get(nameOf(keeper)) !== term) return
      if (answer.type === 'leased') this.#extend(term, answer, askedMs)
      if (answer.type !== 'refused') return
      onRoll(answer.roll)
      if (answer.why === 'expired') this.forget(keeper)
    } catch {
      onSilence(keeper)
    }
  }

  #extend(term: Term, { forMs }: LeaseAnswer & { readonly type: 'leased' }, askedMs: number): void {
    // What has run out meanwhile has run out: others may have had it since.
    if (term.untilMs <= this.#init.clock.now()) this.forget(term.keeper)
    else term.untilMs = Math.max(term.untilMs, askedMs + forMs * COUNTED_ON)
  }
}
