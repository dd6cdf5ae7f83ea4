// Gossip as a model of gossipsub: whoever publishes sends to all its links, whoever hears something
// new passes it on to its mesh, so that everybody gets several copies and the loss of some matters to
// nobody. What a node still lacks at a heartbeat it learns of from a link outside its mesh (IHAVE), and
// asks for (IWANT). Each copy costs both ends their thread and line.
//
// Held against real gossipsub in test/sim/truth. What comes while the way is closed is lost: repair
// beyond gossip's own is the rooms' business.
import type { Gossip, PeerId } from '../../src/ports/messages.ts'
import type { Random } from '../../src/ports/random.ts'
import type { Rumors } from '../../src/ports/rumors.ts'
import { pickSome } from '../engine/draws.ts'
import type { Life } from '../engine/life.ts'
import type { TraceHash } from '../engine/trace-hash.ts'
import type { VirtualClock } from '../engine/virtual-clock.ts'
import { gossipBytes } from '../network/message-bytes.ts'
import type { SimNetwork } from '../network/network.ts'
import { judge } from '../network/rules.ts'
import { DEFAULT_OVERLAY, type Member, Overlay, type OverlayModel } from './overlay.ts'

export type RumorsModel = OverlayModel & {
  /** Links outside the mesh that are told of what was heard lately: D_lazy. @default 6 */
  readonly lazy: number
  /** @default 400, as the real peer sets it */
  readonly heartbeatMs: number
  /** For so many heartbeats a message is told of. @default 3 */
  readonly historyHeartbeats: number
  /** CPU of one end for one copy, besides a message's. @default 0.08 (1 ms for 6 in and 6 out) */
  readonly copyCpuMs: number
}

export const DEFAULT_RUMORS: RumorsModel = {
  ...DEFAULT_OVERLAY,
  lazy: 6,
  heartbeatMs: 400,
  historyHeartbeats: 3,
  copyCpuMs: 0.08,
}

/** One copy of a message has arrived. */
export type CopyHeard = {
  readonly to: PeerId
  /** Who passed it on. */
  readonly from: PeerId
  /** How many times it was passed on. */
  readonly hops: number
  readonly isFirst: boolean
}

export type SimRumorsInit = {
  readonly clock: VirtualClock
  readonly random: Random
  readonly network: SimNetwork
  readonly model: RumorsModel
  readonly trace: TraceHash
  /** Told of every copy, for who holds the model against the real thing. */
  readonly onCopy?: (copy: CopyHeard) => void
}

type Listener = (gossip: Gossip, from: PeerId) => void
type Ear = { readonly peer: PeerId; readonly life: Life; readonly listeners: Set<Listener> }
type Publication = {
  readonly gossip: Gossip
  readonly publisher: PeerId
  readonly heardBy: Set<Member<Ear>>
}
type Way = { readonly from: Member<Ear>; readonly to: Member<Ear>; readonly hops: number }

export class SimRumors {
  readonly #init: SimRumorsInit
  readonly #overlay: Overlay<Ear>

  constructor(init: SimRumorsInit) {
    this.#init = init
    this.#overlay = new Overlay(init.model, init.random, (ear) => ear.life.state !== 'dead')
  }

  /** A node's port for one life. */
  attach(place: { readonly peer: PeerId; readonly life: Life }): Rumors {
    const { peer, life } = place
    const listeners = new Set<Listener>()
    const member = this.#overlay.join({ peer, life, listeners })
    return {
      publish: (gossip) => {
        if (life.state === 'running') this.#publish(member, gossip)
      },
      subscribe: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    }
  }

  /** How many neighbours a living node has in its mesh, on average. */
  get meshDegree(): number {
    const living = this.#overlay.living()
    return living.reduce((sum, { mesh }) => sum + mesh.length, 0) / Math.max(1, living.length)
  }

  #publish(from: Member<Ear>, gossip: Gossip): void {
    const publication = { gossip, publisher: from.of.peer, heardBy: new Set([from]) }
    const links = this.#overlay.linksOf(from)
    const everybody = new Set([...links, ...this.#overlay.meshOf(from)])
    for (const to of everybody) this.#send(publication, { from, to, hops: 1 })
    this.#remindLater(publication, this.#init.model.historyHeartbeats)
  }

  #send(publication: Publication, way: Way): void {
    const { network, model } = this.#init
    const { gossip } = publication
    const [from, to] = [way.from.of.peer, way.to.of.peer]
    const verdict = judge(network.rules, { kind: 'gossip', message: gossip, from, to })
    if (verdict.type === 'drop' || verdict.type === 'refuse') return
    const copy = { from, to, bytes: gossipBytes(gossip), cpuMs: model.copyCpuMs }
    const late = verdict.type === 'deliver' ? { afterMs: verdict.afterMs } : {}
    network.tell({ ...copy, ...late }, () => this.#hear(publication, way))
  }

  #hear(publication: Publication, way: Way): void {
    const { heardBy, gossip, publisher } = publication
    const { to, from, hops } = way
    const isFirst = !heardBy.has(to)
    this.#init.onCopy?.({ to: to.of.peer, from: from.of.peer, hops, isFirst })
    if (!isFirst) return
    heardBy.add(to)
    for (const listener of to.of.listeners) listener(gossip, publisher)
    for (const next of this.#overlay.meshOf(to)) {
      if (next !== from) this.#send(publication, { from: to, to: next, hops: hops + 1 })
    }
  }

  /** At the next heartbeats, those who lack the message learn of it from a link that has it. */
  #remindLater(publication: Publication, heartbeats: number): void {
    if (heartbeats === 0) return
    this.#init.clock.after(this.#init.model.heartbeatMs, () => {
      const lacking = this.#overlay.living().filter((member) => !publication.heardBy.has(member))
      for (const member of lacking) this.#remind(publication, member)
      if (lacking.length > 0) this.#remindLater(publication, heartbeats - 1)
    })
  }

  #remind(publication: Publication, lacking: Member<Ear>): void {
    const { model, random } = this.#init
    for (const from of lacking.links) {
      if (!publication.heardBy.has(from) || from.mesh.includes(lacking)) continue
      const lazy = from.links.filter((other) => !from.mesh.includes(other))
      if (!pickSome(random, lazy, model.lazy).includes(lacking)) continue
      // What was told of is asked for, and comes: three ways, of which the last is the copy's.
      return this.#send(publication, { from, to: lacking, hops: 3 })
    }
  }
}
