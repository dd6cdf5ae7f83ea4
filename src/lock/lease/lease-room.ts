// Strict coherence: who may use what it has cached of an inode, and who may change it.
//
// Whoever reads has a shared lease of each inode that it uses, whoever changes has the sole one. They are
// leased by the keeper of the inode's locks (roll/), which knows, without a message, who it is; so in
// a mesh that is cut in two only one side leases. Before a change is made, all others have given back
// what they had, or their time has run out: so there is no moment at which one node shows the new
// state and another the old one. A sole lease is kept until somebody else asks; who writes where nobody
// else looks sends nothing.
//
// What was done under a lease is told as always, by rumor; a lease says which rumors have to be heard
// first. A keeper that takes over waits until all that the one before has leased has run out.
//
// All times are durations, of clocks that run at the same rate (lease-terms.ts). It must never let a
// lease be used past its end, and never lease to two what excludes each other. Where nobody can lease,
// reading and writing fail (ETIMEDOUT): late is allowed, old is not.
import type { StopSignal } from '../../base/abort.ts'
import { waitUnlessAborted } from '../../base/abort.ts'
import type { Counters } from '../../base/counters.ts'
import { PotluckError } from '../../base/errors.ts'
import type { HybridClock } from '../../block/stamp.ts'
import type { Clock } from '../../ports/clock.ts'
import type { LeaseAnswer, LeaseQuestion } from '../../ports/leases/lease-messages.ts'
import type { Member, Roll } from '../../ports/locks.ts'
import type { PeerId } from '../../ports/messages.ts'
import type { Network } from '../../ports/network.ts'
import type { Random } from '../../ports/random.ts'
import type { Agreement } from '../roll/agreement.ts'
import { EndingClock } from './ending-clock.ts'
import { LeaseHolder, type LeaseHolderInit } from './lease-holder.ts'
import { LeaseKeeper, type LeaseKeeperInit } from './lease-keeper.ts'

/** What the rest of the node does for leases. */
export type Leasing = Pick<LeaseHolderInit, 'told' | 'hear' | 'doubt' | 'dropFromKernel'> & {
  /** How long a lease is; the same on all peers. */
  readonly leaseMs: number
}

export type LeaseRoomInit = Leasing &
  Pick<LeaseKeeperInit, 'inheritance'> & {
    readonly clock: Clock
    readonly random: Random
    readonly network: Network
    readonly counters: Counters
    readonly stamps: HybridClock
    readonly self: Member
    readonly agreement: Agreement
  }

export class LeaseRoom {
  readonly holder: LeaseHolder
  readonly #init: LeaseRoomInit
  readonly #keeper: LeaseKeeper
  readonly #clock: EndingClock

  constructor(init: LeaseRoomInit) {
    const { agreement, stamps } = init
    const { council, mandate } = agreement
    this.#clock = new EndingClock(init.clock)
    const shared = { ...init, clock: this.#clock, ask: this.#ask.bind(this), council }
    this.#init = init
    this.#keeper = new LeaseKeeper({ ...shared, mandate, now: () => stamps.tick() })
    this.holder = new LeaseHolder({
      ...shared,
      needRoll: () => agreement.needRoll(),
      onSilence: (keeper) => agreement.complain(keeper),
      witness: (stamp) => void stamps.witness(stamp),
    })
  }

  get gauges(): { readonly leased: number; readonly held: number } {
    return { leased: this.#keeper.size, held: this.holder.size }
  }

  /** For how long what was leased here may yet be used, and changed, though another keeps it by now. */
  get departedLeft(): { readonly leasedForMs: number; readonly changedForMs: number } {
    return this.#keeper.departedLeft
  }

  /** To be told before the keeper of locks is. */
  adopted(roll: Roll, before: Roll | undefined): void {
    this.#keeper.adopted(roll, before)
    this.holder.adopted(roll, before)
  }

  gone(peer: PeerId, before?: number): void {
    this.#keeper.gone(peer, before)
  }

  /** Answers a peer. @throws PotluckError CLOSED for a life of it that is over */
  async answer(from: PeerId, question: LeaseQuestion, signal: StopSignal): Promise<LeaseAnswer> {
    const member = { peer: from, epoch: question.epoch }
    this.#init.agreement.heard(member)
    if (question.step === 'recall') return this.holder.recalled(from, question)
    return this.#keeper.answer(member, question, signal)
  }

  stop(): void {
    this.holder.stop()
    this.#keeper.stop()
    this.#clock.end()
  }

  /** Asks a peer, or this node itself, which then has no message to wait for. */
  async #ask(
    to: PeerId,
    question: LeaseQuestion,
    options: { readonly signal?: StopSignal } = {},
  ): Promise<LeaseAnswer> {
    const { self, counters, network } = this.#init
    const { signal } = options
    if (to === self.peer) {
      return waitUnlessAborted(this.answer(to, question, signal ?? NEVER), signal, () => {})
    }
    counters.add('lease_messages_total')
    const reply = await network.request(to, { type: 'lease', question }, options)
    if (reply.type === 'lease') return reply.answer
    throw new PotluckError('MALFORMED', `${to} answered a question about leases with ${reply.type}`)
  }
}

const NEVER: StopSignal = {
  aborted: false,
  addEventListener: () => {},
  removeEventListener: () => {},
}
