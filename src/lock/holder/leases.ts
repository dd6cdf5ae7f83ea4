// The leases under which this node holds locks, one for each keeper, renewed all at once however many
// locks there are. A lease is good from before it was asked for: what the keeper counts is longer.
import type { Clock } from '../../ports/clock.ts'
import type { LockAnswer, Member, Roll } from '../../ports/locks.ts'
import type { Ask } from '../roll/ballots.ts'
import { nameOf } from '../roll/roll.ts'
import { RENEW_MS } from '../terms.ts'

export type Lease = {
  readonly keeper: Member
  /** As the keeper numbers it; 0 where there is none. */
  session: number
  /** On this node's clock. */
  untilMs: number
}

export type LeasesInit = {
  readonly clock: Clock
  readonly ask: Ask
  readonly self: Member
  /** Anything is held at that keeper. */
  readonly isNeeded: (keeper: Member) => boolean
  /** The keeper has forgotten its lease; if `isOver`, others may have had what was held under it. */
  readonly onForgotten: (keeper: Member, isOver: boolean) => void
  readonly onRoll: (roll: Roll | undefined) => void
  readonly onSilence: (keeper: Member) => void
}

export class Leases {
  readonly #init: LeasesInit
  readonly #leases = new Map<string, Lease>()
  #sequence = 0
  #cancel: (() => void) | undefined
  #isStopped = false

  constructor(init: LeasesInit) {
    this.#init = init
  }

  /** The number of the next message about locks. */
  next(): number {
    this.#sequence += 1
    return this.#sequence
  }

  of(keeper: Member): Lease {
    const name = nameOf(keeper)
    const known = this.#leases.get(name)
    if (known !== undefined) return known
    const lease = { keeper, session: 0, untilMs: 0 }
    this.#leases.set(name, lease)
    return lease
  }

  /** Whether what is held there may still be relied on. */
  isOver(keeper: Member): boolean {
    return this.#init.clock.now() >= this.of(keeper).untilMs
  }

  /** A keeper has answered what was asked at `askedMs`; false where that came too late to be good. */
  granted(
    keeper: Member,
    { session, forMs }: LockAnswer & { readonly type: 'lease' },
    askedMs: number,
  ): boolean {
    const lease = this.of(keeper)
    if (lease.session !== session) {
      if (lease.session !== 0) this.forgotten(keeper)
      lease.session = session
    }
    lease.untilMs = Math.max(lease.untilMs, askedMs + forMs)
    this.#renewLater()
    return this.#init.clock.now() < askedMs + forMs
  }

  forgotten(keeper: Member): void {
    this.of(keeper).session = 0
    this.#init.onForgotten(keeper, this.isOver(keeper))
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  #renewLater(): void {
    if (this.#isStopped || this.#cancel !== undefined) return
    this.#cancel = this.#init.clock.after(RENEW_MS, () => {
      this.#cancel = undefined
      this.#renewAll()
    })
  }

  #renewAll(): void {
    const { isNeeded } = this.#init
    for (const [name, lease] of this.#leases) {
      if (isNeeded(lease.keeper)) void this.#renew(lease)
      else if (this.isOver(lease.keeper)) this.#leases.delete(name)
    }
    if (this.#leases.size > 0) this.#renewLater()
  }

  async #renew({ keeper, session }: Lease): Promise<void> {
    const { ask, self, clock } = this.#init
    const askedMs = clock.now()
    try {
      const answer = await ask(keeper.peer, { step: 'renew', epoch: self.epoch, session })
      if (answer.type === 'lease') this.granted(keeper, answer, askedMs)
      else if (answer.type === 'refused') this.#refused(keeper, session, answer)
    } catch {
      // Whatever it is, the keeper is of no use now; whether it is dead, the voters find out.
      this.#init.onSilence(keeper)
    }
  }

  #refused(
    keeper: Member,
    session: number,
    { why, roll }: LockAnswer & { readonly type: 'refused' },
  ): void {
    this.#init.onRoll(roll)
    if (why === 'expired' && this.of(keeper).session === session) this.forgotten(keeper)
  }
}
