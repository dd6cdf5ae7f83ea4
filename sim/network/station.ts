// A node's place in the simulated network, for one life of it.
import type { PeerId } from '../../src/ports/messages.ts'
import type { RequestHandler } from '../../src/ports/network.ts'
import type { Call } from './call.ts'
import type { Life } from '../engine/life.ts'
import type { Link } from './link.ts'

export class Station {
  readonly peer: PeerId
  /** The node's number, which says where it stands. */
  readonly index: number
  readonly life: Life
  readonly link: Link
  /** Calls under way, in no order: a set that empties again and again is made anew each time. */
  readonly outgoing: Call[] = []
  readonly incoming: Call[] = []
  /** Which side of a partition it is on. */
  side = 0
  /** Dead without a word: no connection is closed, nothing is refused. */
  isSilent = false
  /** Messages that wait for the way here to be free again. */
  #parked: (() => void)[] = []
  #handler: RequestHandler | undefined
  #early: (() => void)[] = []

  constructor(place: { peer: PeerId; index: number; life: Life; link: Link }) {
    this.peer = place.peer
    this.index = place.index
    this.life = place.life
    this.link = place.link
  }

  handle(handler: RequestHandler): void {
    this.#handler = handler
    for (const run of this.#early.splice(0)) run()
  }

  /** Undefined before the node's start has come to it. */
  get handler(): RequestHandler | undefined {
    return this.#handler
  }

  /** Calls back as soon as there is a handler. */
  waitForHandler(come: () => void): void {
    this.#early.push(come)
  }

  park(arrive: () => void): void {
    this.#parked.push(arrive)
  }

  unpark(): void {
    for (const arrive of this.#parked.splice(0)) arrive()
  }
}
