// What this node knows of the roll, and its vote on the next one: an acceptor of Paxos (Lamport,
// Paxos Made Simple, 2001), one instance for each number. All of it is in RAM: a node that starts again is
// another member, with no vote until it has been taken in anew.
import type { LockAnswer, Member, Roll } from '../../ports/locks.ts'
import { has, isNewer, isSameRoll, votersOf } from './roll.ts'

export type Vote = LockAnswer & { readonly type: 'vote' }

export class Council {
  readonly self: Member
  /** Told of each new roll, and of the one before. */
  readonly onAdopted: (roll: Roll, before: Roll | undefined) => void
  #roll: Roll | undefined
  #promised = 0
  #accepted: { readonly ballot: number; readonly next: Roll } | undefined

  constructor(self: Member, onAdopted: (roll: Roll, before: Roll | undefined) => void) {
    this.self = self
    this.onAdopted = onAdopted
  }

  get roll(): Roll | undefined {
    return this.#roll
  }

  /** A next roll was accepted here, and nobody has said yet that it was chosen. */
  get isUndecided(): boolean {
    return this.#accepted !== undefined
  }

  /** The highest ballot that was given a promise here; 0 for none. */
  get promised(): number {
    return this.#promised
  }

  get isVoter(): boolean {
    return this.#roll !== undefined && has(votersOf(this.#roll), this.self)
  }

  get isKeeper(): boolean {
    return this.#roll !== undefined && has(this.#roll.keepers, this.self)
  }

  /** Whether this is news. */
  adopt(roll: Roll | undefined): boolean {
    if (roll === undefined || !isNewer(roll, this.#roll)) return false
    const before = this.#roll
    this.#roll = roll
    this.#promised = 0
    this.#accepted = undefined
    this.onAdopted(roll, before)
    return true
  }

  prepare({ roll, ballot }: { readonly roll: Roll; readonly ballot: number }): Vote {
    const isGiven = this.#mayVoteOn(roll) && ballot > this.#promised
    if (isGiven) this.#promised = ballot
    return this.#vote(roll, isGiven)
  }

  accept(question: { readonly roll: Roll; readonly ballot: number; readonly next: Roll }): Vote {
    const { roll, ballot, next } = question
    const isGiven = this.#mayVoteOn(roll) && ballot >= this.#promised
    if (isGiven) {
      this.#promised = ballot
      this.#accepted = { ballot, next }
    }
    return this.#vote(roll, isGiven)
  }

  /**
   * Whether a keeper may count on this roll for a lease from now. Once a majority has accepted the next
   * one, no majority is left to say yes: so when the next one is in force, every lease of this one
   * ends within LEASE_MS.
   */
  vouch(keeper: Member, roll: Roll): Vote {
    const isGiven =
      this.#mayVoteOn(roll) && this.#accepted === undefined && has(roll.keepers, keeper)
    return this.#vote(roll, isGiven)
  }

  #mayVoteOn(roll: Roll): boolean {
    this.adopt(roll)
    return this.#roll !== undefined && isSameRoll(this.#roll, roll) && this.isVoter
  }

  #vote(asked: Roll, isGiven: boolean): Vote {
    const accepted = this.#accepted
    const known = this.#roll
    return {
      type: 'vote',
      isGiven,
      ballot: this.#promised,
      acceptedBallot: accepted?.ballot ?? 0,
      ...(accepted === undefined ? {} : { accepted: accepted.next }),
      ...(known !== undefined && isNewer(known, asked) ? { roll: known } : {}),
    }
  }
}
