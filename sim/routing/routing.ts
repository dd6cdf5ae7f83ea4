// Who knows whom: Kademlia tables as a model. Each node's view has up to k peers in each bucket, drawn
// with the seed from all that live; a small world has no such bound, as everybody then knows
// everybody. Far buckets are one for each prefix of six bits, as kad-dht has them; near ones are one
// for each length of common prefix, which kad-dht alone does not have: each real peer looks itself up for
// them when it joins, and now and then. Held against real kad-dht in test/sim/truth, and in
// test/peers/net/members against hundreds of real memberships: all nearest known, one home a key.
//
// One sorted list of the living answers every question, so a table costs only what it holds. Joins
// and deaths are noticed late and at different times, as in life; a request that fails is noticed
// at once by who made it.
import type { Key, PeerId } from '../../src/ports/messages.ts'
import type { Random } from '../../src/ports/random.ts'
import type { Contact, Routing } from '../../src/ports/routing.ts'
import { positionOf } from '../../src/block/key.ts'
import { compareDistance } from '../../src/placement/distance.ts'
import { sleep } from '../../src/base/time.ts'
import { between } from '../engine/draws.ts'
import { RoutingView } from './routing-view.ts'
import type { VirtualClock } from '../engine/virtual-clock.ts'

/** How many a lookup over the network finds, Kademlia's k. */
const CLOSEST = 20

export type RoutingModel = {
  /** Peers in a bucket. @default 8, as the real peer sets kad-dht */
  readonly bucketSize: number
  /** kad-dht splits every full bucket up to this prefix, not only those nearby. @default 6 */
  readonly splitBits: number
  /** Up to so many nodes everybody knows everybody. @default 256, as the real peer has it */
  readonly everybodyUpTo: number
  /** A join is known everywhere within this time. @default 200 */
  readonly joinMs: number
  /** A closed connection is noticed everywhere within this time. @default 1000 */
  readonly leaveMs: number
  /** A silent peer is noticed after one to two times this. @default 2000 */
  readonly silenceMs: number
  /** What a lookup over the network takes. @default 20 */
  readonly lookupMs: number
}

export const DEFAULT_ROUTING: RoutingModel = {
  bucketSize: 8,
  splitBits: 6,
  everybodyUpTo: 256,
  joinMs: 200,
  leaveMs: 1_000,
  silenceMs: 2_000,
  lookupMs: 20,
}

export type SimRoutingInit = {
  readonly clock: VirtualClock
  readonly random: Random
  readonly model: RoutingModel
  /** Whether the two could hear each other now. */
  readonly isReachable: (from: PeerId, to: PeerId) => boolean
  /** Where a peer stands. @default the hash of its name, as real peers are placed by their ids' */
  readonly positionOf?: (peer: PeerId) => Key
}

export class SimRouting {
  readonly #init: SimRoutingInit
  readonly #views = new Map<PeerId, RoutingView>()
  #living: Contact[] = []
  #bucketSize = Infinity

  constructor(init: SimRoutingInit) {
    this.#init = init
  }

  /** The first nodes, which know each other before any of them starts. */
  found(peers: readonly PeerId[]): void {
    const { model } = this.#init
    this.#bucketSize = peers.length > model.everybodyUpTo ? model.bucketSize : Infinity
    this.#living = peers
      .map((peer) => ({ peer, position: this.#positionOf(peer) }))
      .sort((a, b) => (a.position < b.position ? -1 : 1))
    for (const self of this.#living) this.#view(self).refresh(() => true)
  }

  /** A node joins: it knows the others at once, they learn of it one by one. */
  join(peer: PeerId): void {
    const self: Contact = { peer, position: this.#positionOf(peer) }
    const at = this.#living.findIndex((contact) => contact.position > self.position)
    this.#living.splice(at < 0 ? this.#living.length : at, 0, self)
    this.#view(self).refresh((contact) => this.#init.isReachable(peer, contact.peer))
    this.#tellAll(this.#init.model.joinMs, (view) => this.#meet(view, self))
  }

  /** A node has died: with `isSilent` it is missed only after a silence. */
  leave(peer: PeerId, options: { readonly isSilent?: boolean } = {}): void {
    const left = this.#living.find((contact) => contact.peer === peer)
    if (left === undefined) return
    this.#living = this.#living.filter((contact) => contact !== left)
    this.#views.delete(peer)
    const { leaveMs, silenceMs } = this.#init.model
    if (options.isSilent === true) {
      this.#tellAll(2 * silenceMs, (view) => view.lose(left))
      return
    }
    // Its host refuses the connection, unless it runs again by then.
    this.#tellAll(leaveMs, (view) => view.lose(left, !this.#views.has(peer)))
  }

  /** A node of the tables has been dead all along: each finds out by asking it. */
  outdated(peer: PeerId): void {
    this.#living = this.#living.filter((contact) => contact.peer !== peer)
    this.#views.delete(peer)
  }

  /** A partition or a hang has begun or ended: every node finds out for itself. */
  disturbed(): void {
    this.#tellAll(2 * this.#init.model.silenceMs, (view) =>
      view.refresh((contact) => this.#init.isReachable(view.self.peer, contact.peer)),
    )
  }

  /** A request failed: the asker drops the peer, and meets it again if it was alive after all. */
  noticed(asker: PeerId, peer: PeerId): void {
    const view = this.#views.get(asker)
    const contact = view?.find(peer)
    if (view === undefined || contact === undefined) return
    view.lose(contact)
    this.#init.clock.after(this.#init.model.silenceMs, () => this.#meet(view, contact))
  }

  /** A node's port. */
  port(peer: PeerId): Routing {
    const view = this.#views.get(peer)
    if (view === undefined) throw new RangeError(`${peer} has not joined`)
    return {
      self: view.self,
      contacts: () => view.contacts(),
      subscribe: (listener) => view.subscribe(listener),
      lookup: async (key, options) => {
        await sleep(this.#init.clock, this.#init.model.lookupMs, options)
        return this.#closest(key).filter((contact) => contact !== view.self)
      },
    }
  }

  #positionOf(peer: PeerId): Key {
    return (this.#init.positionOf ?? positionOf)(peer)
  }

  #view(self: Contact): RoutingView {
    const view = new RoutingView({
      self,
      living: () => this.#living,
      bucketSize: this.#bucketSize,
      splitBits: this.#init.model.splitBits,
      random: this.#init.random.fork(self.peer),
    })
    this.#views.set(self.peer, view)
    return view
  }

  #meet(view: RoutingView, contact: Contact): void {
    const isLiving = this.#views.get(contact.peer)?.self === contact
    if (isLiving && this.#init.isReachable(view.self.peer, contact.peer)) view.meet(contact)
  }

  #tellAll(withinMs: number, tell: (view: RoutingView) => void): void {
    const { clock, random } = this.#init
    for (const view of this.#views.values()) {
      clock.after(between(random, 0, withinMs), () => {
        if (this.#views.get(view.self.peer) === view) tell(view)
      })
    }
  }

  #closest(key: Key): Contact[] {
    return this.#living
      .toSorted((a, b) => compareDistance(key, a.position, b.position))
      .slice(0, CLOSEST)
  }
}
