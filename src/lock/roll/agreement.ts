// All that has to do with the roll, put together: who this node believes is on it, what it answers to
// questions about it, and how it hears that somebody has come, gone or fallen silent.
import type { LockAnswer, LockQuestion, Member, Roll } from '../../ports/locks.ts'
import type { PeerId } from '../../ports/messages.ts'
import type { Contact, Routing } from '../../ports/routing.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import { codeOf, PotluckError } from '../../base/errors.ts'
import type { Counters } from '../../base/counters.ts'
import type { Ask } from './ballots.ts'
import { Council } from './council.ts'
import { Founding } from './founding.ts'
import { Mandate } from './mandate.ts'
import { Presence } from './presence.ts'
import { Proposer } from './proposer.ts'
import { isSame, votersOf } from './roll.ts'

/** A silent keeper is complained of no more often. */
const COMPLAIN_MS = 500

export type AgreementInit = {
  readonly clock: Clock
  readonly random: Random
  readonly routing: Routing
  readonly counters: Counters
  readonly ask: Ask
  readonly self: Member
  readonly foundAfterMs?: number | undefined
  readonly onAdopted: (roll: Roll, before: Roll | undefined) => void
  /** No process of the peer runs any more, or only a life of it that is not before this one. */
  readonly onGone: (peer: PeerId, before?: number) => void
  readonly isSettled: () => boolean
}

export type RollQuestion = LockQuestion & {
  readonly step: 'roll' | 'enrol' | 'complain' | 'prepare' | 'accept' | 'vouch'
}

export class Agreement {
  readonly council: Council
  readonly mandate: Mandate
  readonly #init: AgreementInit
  readonly #presence = new Presence()
  readonly #founding: Founding
  readonly #proposer: Proposer
  readonly #complained = new Map<PeerId, number>()
  #unsubscribe: (() => void) | undefined

  constructor(init: AgreementInit) {
    const council = new Council(init.self, (roll, before) => this.#adopted(roll, before))
    const inside = { ...init, council, presence: this.#presence }
    this.#init = init
    this.council = council
    this.mandate = new Mandate(inside)
    this.#founding = new Founding(inside)
    const lookAround = () => this.#founding.lookAround()
    this.#proposer = new Proposer({ ...inside, lookAround })
  }

  start(): void {
    this.#unsubscribe = this.#init.routing.subscribe({
      joined: (contact) => this.#joined(contact),
      left: (contact, isGone) => this.#left(contact, isGone),
    })
    this.#founding.start()
  }

  /** Tells the voters that this node leaves, and stops. */
  stop(): void {
    const { roll, self } = this.council
    for (const { peer } of roll === undefined ? [] : votersOf(roll)) {
      if (roll === undefined || peer === self.peer) continue
      // Best effort: who is not told finds out.
      this.#init.ask(peer, { step: 'complain', roll, about: self }).catch(() => {})
    }
    this.#unsubscribe?.()
    this.#founding.stop()
    this.#proposer.stop()
  }

  /** Resolves once there is a roll, or this node stops. */
  needRoll(): Promise<void> {
    return this.#founding.need()
  }

  /** A life of a peer speaks. @throws PotluckError CLOSED where a later one has spoken before */
  heard(member: Member): void {
    if (!this.#presence.heard(member)) throw new PotluckError('CLOSED', 'that life is over')
    this.#init.onGone(member.peer, member.epoch)
  }

  answer(from: PeerId, question: RollQuestion): LockAnswer {
    switch (question.step) {
      case 'prepare':
        return this.council.prepare(question)
      case 'accept':
        return this.#accept(question)
      case 'vouch':
        return this.council.vouch({ peer: from, epoch: question.epoch }, question.roll)
      default:
        this.#heed(from, question)
    }
    const { roll, self } = this.council
    if (roll === undefined) this.#founding.kick()
    return { type: 'roll', epoch: self.epoch, ...(roll && { roll }) }
  }

  /** A keeper does not answer: the voters should look at it. */
  complain(about: Member): void {
    const { roll, self } = this.council
    const now = this.#init.clock.now()
    if (roll === undefined || isSame(about, self)) return
    if (now - (this.#complained.get(about.peer) ?? -Infinity) < COMPLAIN_MS) return
    this.#complained.clear()
    this.#complained.set(about.peer, now)
    for (const { peer } of votersOf(roll)) {
      if (peer === about.peer) continue
      this.#init.ask(peer, { step: 'complain', roll, about }).then(
        (answer) => answer.type === 'roll' && this.council.adopt(answer.roll),
        (error: unknown) => this.#init.counters.add(`lock_complaints_${codeOf(error)}_total`),
      )
    }
  }

  #heed(from: PeerId, question: RollQuestion & { readonly step: 'roll' | 'enrol' | 'complain' }) {
    this.council.adopt(question.roll)
    if (question.step === 'enrol') {
      this.#proposer.enrol({ peer: from, epoch: question.epoch })
    } else if (question.step === 'complain') {
      // Who complains of itself is about to stop.
      if (question.about.peer === from) this.#ended(from)
      else void this.#proposer.doubt(question.about)
    }
  }

  #accept(question: LockQuestion & { readonly step: 'accept' }): LockAnswer {
    const vote = this.council.accept(question)
    // If whoever proposed it dies over it, somebody has to bring it to its end.
    this.#proposer.consider()
    return vote
  }

  #adopted(roll: Roll, before: Roll | undefined): void {
    this.#presence.keepOnly(roll.keepers)
    this.#init.onAdopted(roll, before)
    this.#founding.kick()
    this.#proposer.consider()
  }

  #joined(contact: Contact): void {
    this.#presence.came(contact.peer)
    this.#founding.met(contact)
  }

  #left({ peer }: Contact, isGone: boolean): void {
    if (isGone) return this.#ended(peer)
    const member = this.council.roll?.keepers.find((one) => one.peer === peer)
    if (member !== undefined) void this.#proposer.doubt(member)
    return undefined
  }

  #ended(peer: PeerId): void {
    this.#presence.ended(peer)
    this.#init.onGone(peer)
    this.#proposer.consider()
  }
}
