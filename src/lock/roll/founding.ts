// How a node comes to know the roll: from those it meets; and where nobody has one, the living peer
// closest to a place that all agree on makes the first. A node that knows nobody makes its own only
// once it needs one. Now and then, and with whom it meets first, it compares.
//
// The one promise that can't be kept: where a part of a mesh is cut off and nobody in it has ever heard of
// the roll, for all of them have just started, it makes another. When the parts meet, the roll with
// fewer changes behind it is given up, and what was locked by it is lost.
import { hash } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import type { PeerId } from '../../ports/messages.ts'
import type { Random } from '../../ports/random.ts'
import type { Contact, Routing } from '../../ports/routing.ts'
import { compareDistance } from '../../placement/distance.ts'
import type { Ask } from './ballots.ts'
import type { Council } from './council.ts'
import { firstRoll, KEEPERS_MAX, votersOf } from './roll.ts'

const SEAT = hash('sha256', 'the keepers of locks', 'binary')
/** Whoever begins in the first place asks so many, all others only a few. */
const ASKED_BY_FOUNDER = 16
const ASKED = 3
/** Of so few each compares its roll with each. */
const COMPANY = 64
/** Who has just started may be about to meet the others. */
const ALONE_MS = 1_000
const SEEK_MS = 100
const COMPARE_MS = 10_000
const ENROL_MAX_MS = 2_000

export type FoundingInit = {
  readonly clock: Clock
  readonly random: Random
  readonly routing: Routing
  readonly ask: Ask
  readonly council: Council
  /**
   * Who was told of no roll for so long after its start may make one.
   *
   * @default at once in company, 1_000 alone
   */
  readonly foundAfterMs?: number | undefined
}

export class Founding {
  readonly #init: FoundingInit
  readonly #startedMs: number
  #needed: PromiseWithResolvers<void> | undefined
  #enrolMs = SEEK_MS
  #soughtMs = -Infinity
  #cancel: (() => void) | undefined
  #isStopped = false

  constructor(init: FoundingInit) {
    this.#init = init
    this.#startedMs = init.clock.now()
  }

  start(): void {
    this.#later(SEEK_MS)
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
    this.#needed?.resolve()
  }

  /** Someone has to have a roll. Resolves once there is one, or this node stops. */
  async need(): Promise<void> {
    if (this.#init.council.roll !== undefined || this.#isStopped) return
    this.#needed ??= Promise.withResolvers<void>()
    const needed = this.#needed.promise
    this.kick()
    await needed
  }

  /** A roll has come, or somebody to ask for one. */
  kick(): void {
    if (this.#init.council.roll === undefined) this.#seekSoon()
    else this.#settle()
  }

  /**
   * Of nodes that start at one time each may first meet others than the rest does, and some make a roll
   * of their own: as long as two have not compared theirs, both may grant one lock. In a large mesh,
   * where not everyone can ask everyone, all ask those who have a roll first.
   */
  met({ peer, position }: Contact): void {
    if (this.#init.council.roll === undefined) return this.#seekSoon()
    const contacts = this.#init.routing.contacts()
    let closer = 0
    // Thousands may join one after another; of nearly all of them it is clear after a few.
    const isFirst = () =>
      contacts.every(
        (one) => compareDistance(SEAT, one.position, position) >= 0 || ++closer < ASKED,
      )
    if (contacts.length <= COMPANY || isFirst()) void this.#askForRoll(peer)
    return undefined
  }

  /** All who have no roll ask each other: were each question a reason to ask, there would be no end. */
  #seekSoon(): void {
    const { clock } = this.#init
    this.#later(Math.max(1, this.#soughtMs + SEEK_MS - clock.now()))
  }

  #settle(): void {
    this.#needed?.resolve()
    this.#needed = undefined
    const mayEnrol = this.#mayEnrol()
    this.#later(mayEnrol ? this.#enrolMs : COMPARE_MS)
    this.#enrolMs = mayEnrol ? Math.min(ENROL_MAX_MS, 2 * this.#enrolMs) : SEEK_MS
  }

  #later(delayMs: number): void {
    if (this.#isStopped) return
    const { clock, random } = this.#init
    this.#cancel?.()
    this.#cancel = clock.after(delayMs * (0.5 + random.next()), () => {
      this.#cancel = undefined
      void this.#step()
    })
  }

  async #step(): Promise<void> {
    if (this.#init.council.roll === undefined) await this.#seek()
    else await this.#compare()
    if (this.#cancel !== undefined || this.#isStopped) return
    if (this.#init.council.roll === undefined) this.#later(SEEK_MS)
    else this.#settle()
  }

  async #seek(): Promise<void> {
    const { routing, clock } = this.#init
    this.#soughtMs = clock.now()
    const near = routing
      .contacts()
      .toSorted((a, b) => compareDistance(SEAT, a.position, b.position))
    const isFirst = (others: readonly Contact[]) =>
      others.every(({ position }) => compareDistance(SEAT, routing.self.position, position) < 0)
    const asked = near.slice(0, isFirst(near.slice(0, 1)) ? ASKED_BY_FOUNDER : ASKED)
    const answered = await this.#askAll(asked.map(({ peer }) => peer))
    if (this.#init.council.roll !== undefined) return
    const others = asked.filter(({ peer }) => answered.has(peer))
    // Who is alone needs a roll only for locks of its own.
    if (others.length === 0 && this.#needed === undefined) return
    if (isFirst(others) && this.#mayFound(others.length)) this.#found()
  }

  #mayFound(company: number): boolean {
    const { clock, foundAfterMs = company > 0 ? 0 : ALONE_MS } = this.#init
    return clock.now() - this.#startedMs >= foundAfterMs
  }

  #found(): void {
    const { council } = this.#init
    council.adopt(firstRoll(council.self))
  }

  /** Whoever answered; what they know is known here then. */
  async #askAll(peers: readonly PeerId[]): Promise<ReadonlySet<PeerId>> {
    const answered = new Set<PeerId>()
    await Promise.all(
      peers.map(async (peer) => {
        if (await this.#askForRoll(peer)) answered.add(peer)
      }),
    )
    return answered
  }

  async #askForRoll(peer: PeerId): Promise<boolean> {
    const { ask, council } = this.#init
    const { self, roll } = council
    try {
      const question = { step: 'roll', epoch: self.epoch, ...(roll && { roll }) } as const
      const answer = await ask(peer, question)
      if (answer.type === 'roll') council.adopt(answer.roll)
      return true
    } catch {
      // Silence says nothing; whoever is alive will be asked again.
      return false
    }
  }

  /** Asks a peer at random for its roll; or to be a keeper, where there are few. */
  async #compare(): Promise<void> {
    const { routing, random } = this.#init
    if (this.#mayEnrol()) return this.#enrol()
    const contacts = routing.contacts()
    const other = contacts[Math.floor(random.next() * contacts.length)]
    if (other !== undefined) await this.#askForRoll(other.peer)
    return undefined
  }

  /** Asks all whom a roll could have come to. Never rejects. */
  async lookAround(): Promise<void> {
    const { council, routing } = this.#init
    const keepers = (council.roll?.keepers ?? []).map(({ peer }) => peer)
    const others = routing.contacts().map(({ peer }) => peer)
    const peers = [...new Set([...keepers, ...others.slice(0, KEEPERS_MAX)])]
    await this.#askAll(peers.filter((peer) => peer !== council.self.peer))
  }

  #mayEnrol(): boolean {
    const { roll, isKeeper } = this.#init.council
    if (roll === undefined || isKeeper) return false
    const isBack = roll.keepers.some(({ peer }) => peer === this.#init.council.self.peer)
    return isBack || roll.keepers.length < KEEPERS_MAX
  }

  async #enrol(): Promise<void> {
    const { ask, council, random } = this.#init
    const { roll, self } = council
    if (roll === undefined) return
    const voters = votersOf(roll)
    const voter = voters[Math.floor(random.next() * voters.length)]
    if (voter === undefined) return
    try {
      const answer = await ask(voter.peer, { step: 'enrol', epoch: self.epoch, roll })
      if (answer.type === 'roll') council.adopt(answer.roll)
    } catch {
      // Another voter will be asked the next time.
      return
    }
  }
}
