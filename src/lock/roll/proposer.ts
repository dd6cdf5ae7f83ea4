// Changes the roll: takes those in who ask for it, and out who are dead. Any voter may propose, the
// longest-serving first; Paxos sees to it that only one of their proposals comes to be.
import type { Clock } from '../../ports/clock.ts'
import type { Member, Roll } from '../../ports/locks.ts'
import type { PeerId } from '../../ports/messages.ts'
import type { Random } from '../../ports/random.ts'
import { type Ask, gatherVotes } from './ballots.ts'
import type { Council, Vote } from './council.ts'
import type { Presence } from './presence.ts'
import { has, isSame, KEEPERS_MAX, majorityOf, nextRoll, VOTERS, votersOf } from './roll.ts'

/** Those who join at about the same time are taken in together. */
const FIRST_MS = 20
/** The next voter in line waits so much longer, in case the one before it does the work. */
const RANK_MS = 300
const AGAIN_MS = 700

export type ProposerInit = {
  readonly clock: Clock
  readonly random: Random
  readonly ask: Ask
  readonly council: Council
  readonly presence: Presence
  /** Asks others for a newer roll than ours. Never rejects. */
  readonly lookAround: () => Promise<void>
  /** Those who came with the last change know by now what they keep. */
  readonly isSettled: () => boolean
}

export class Proposer {
  readonly #init: ProposerInit
  readonly #applicants = new Map<PeerId, Member>()
  readonly #doubted = new Set<PeerId>()
  #highest = 0
  #cancel: (() => void) | undefined
  #isProposing = false
  #isStopped = false

  constructor(init: ProposerInit) {
    this.#init = init
  }

  enrol(member: Member): void {
    if (this.#applicants.size < KEEPERS_MAX) this.#applicants.set(member.peer, member)
    this.consider()
  }

  /** A keeper may be dead: asks it, and those who don't answer are taken off the roll. */
  async doubt(member: Member): Promise<void> {
    const { ask, council, presence } = this.#init
    const isOurs = council.isVoter && has(council.roll?.keepers ?? [], member)
    if (!isOurs || this.#doubted.has(member.peer) || isSame(member, council.self)) return
    this.#doubted.add(member.peer)
    try {
      const answer = await ask(member.peer, { step: 'roll', epoch: council.self.epoch })
      if (answer.type === 'roll') presence.heard({ peer: member.peer, epoch: answer.epoch })
    } catch {
      // Whatever it failed with: who can't be asked can't keep locks either.
      presence.silent(member)
    }
    this.#doubted.delete(member.peer)
    this.consider()
  }

  /** Something may have changed that the roll should follow. */
  consider(): void {
    if (this.#isStopped || this.#cancel !== undefined || this.#isProposing) return
    if (this.#hasReason()) this.#later(FIRST_MS + RANK_MS * this.#rank())
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  #later(delayMs: number): void {
    const { clock, random } = this.#init
    this.#cancel = clock.after(delayMs * (0.75 + random.next() / 2), () => {
      this.#cancel = undefined
      if (this.#hasReason()) void this.#propose()
    })
  }

  #hasReason(): boolean {
    const { council } = this.#init
    return council.isVoter && (council.isUndecided || this.#wanted() !== undefined)
  }

  /** How many living voters come before this one. */
  #rank(): number {
    const { council, presence } = this.#init
    const voters = council.roll === undefined ? [] : votersOf(council.roll)
    const before = voters.slice(
      0,
      voters.findIndex((voter) => isSame(voter, council.self)),
    )
    return before.filter((voter) => !presence.isDead(voter)).length
  }

  /** The keepers that there should be; undefined where they are those that there are. */
  #wanted(): readonly Member[] | undefined {
    const { council, presence } = this.#init
    const keepers = council.roll?.keepers ?? []
    const living = keepers.filter((one) => !presence.isDead(one) || isSame(one, council.self))
    for (const [peer, applicant] of this.#applicants) {
      if (has(keepers, applicant) || presence.isDead(applicant)) this.#applicants.delete(peer)
    }
    const isLossless = living.length === keepers.length
    // Each change is a hand-over: the next waits for it, where nobody has died.
    if (isLossless && (this.#applicants.size === 0 || !this.#init.isSettled())) return undefined
    const room = KEEPERS_MAX - living.length
    const wanted = [...living, ...[...this.#applicants.values()].slice(0, Math.max(0, room))]
    return isLossless && wanted.length === keepers.length ? undefined : wanted
  }

  async #propose(): Promise<void> {
    const { council } = this.#init
    const { roll } = council
    if (roll === undefined) return
    this.#isProposing = true
    try {
      const chosen = await this.#chosen(roll)
      if (chosen !== undefined) this.#tell(roll, chosen)
    } finally {
      this.#isProposing = false
    }
    if (!this.#isStopped && this.#cancel === undefined && this.#hasReason()) this.#later(AGAIN_MS)
  }

  /** The roll that comes after this one, perhaps another than was wanted; undefined if none yet. */
  async #chosen(roll: Roll): Promise<Roll | undefined> {
    const { council } = this.#init
    const quorum = await this.#quorum(roll)
    const ballot = this.#nextBallot(roll)
    const promises = await gatherVotes(this.#init, { step: 'prepare', roll, ballot }, quorum)
    if (promises === undefined || council.roll !== roll) return undefined
    const wanted = this.#wanted()
    const next = acceptedBy(promises) ?? (wanted && nextRoll(roll, wanted))
    if (next === undefined) return undefined
    const question = { step: 'accept', roll, ballot, next } as const
    const isChosen = (await gatherVotes(this.#init, question, quorum)) !== undefined
    return isChosen ? next : undefined
  }

  /**
   * A majority of those who are not gone for certain, since the gone take no part in anything any more;
   * and so many that no majority of all can have been without one of them. Where not so many are left,
   * all who are: what the others may have agreed on with their last breath, the keepers that it named
   * would know, so they are asked before.
   */
  async #quorum(roll: Roll): Promise<{ voters: readonly Member[]; needed: number }> {
    const { presence, lookAround } = this.#init
    const all = votersOf(roll)
    const voters = all.filter((voter) => !presence.isGone(voter))
    const toSeeAll = all.length - majorityOf(roll) + 1
    const needed = Math.max(Math.floor(voters.length / 2) + 1, toSeeAll)
    if (voters.length >= needed) return { voters, needed }
    await lookAround()
    return { voters, needed: voters.length }
  }

  /** Higher than any before, and no other voter's: the last digit is this one's place. */
  #nextBallot(roll: Roll): number {
    const { self, promised } = this.#init.council
    const place = votersOf(roll).findIndex((voter) => isSame(voter, self))
    this.#highest = (Math.floor(Math.max(this.#highest, promised) / VOTERS) + 1) * VOTERS + place
    return this.#highest
  }

  #tell(before: Roll, roll: Roll): void {
    const { ask, council, presence } = this.#init
    const { self } = council
    council.adopt(roll)
    for (const member of new Set([...roll.keepers, ...before.keepers])) {
      if (isSame(member, self) || presence.isGone(member)) continue
      // Who does not hear of it now will when it next asks anybody.
      ask(member.peer, { step: 'roll', epoch: self.epoch, roll }).catch(() => {})
    }
  }
}

/** What was accepted under the highest ballot, which may have been chosen. */
function acceptedBy(promises: readonly Vote[]): Roll | undefined {
  let best: Vote | undefined
  for (const vote of promises) {
    if (vote.accepted !== undefined && vote.acceptedBallot > (best?.acceptedBallot ?? 0))
      best = vote
  }
  return best?.accepted
}
