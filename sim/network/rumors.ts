// Gossip as a model: what is published reaches every living node after a few hops, each message at
// its own time, so later ones overtake earlier ones. Loss is a matter of the network's rules.
// A mesh with its own D, heartbeat and repair may take this one's place behind the same port.
import type { Gossip, PeerId } from '../../src/ports/messages.ts'
import type { Random } from '../../src/ports/random.ts'
import type { Rumors } from '../../src/ports/rumors.ts'
import { below, between } from '../engine/draws.ts'
import type { Life } from '../engine/life.ts'
import { gossipBytes } from './message-bytes.ts'
import type { SimNetwork } from './network.ts'
import { judge } from './rules.ts'
import type { TraceHash } from '../engine/trace-hash.ts'
import type { VirtualClock } from '../engine/virtual-clock.ts'

export type RumorsModel = {
  /** Copies that a node passes on; hops grow with the logarithm to its base. @default 6 */
  readonly degree: number
  /** What one hop takes at most, besides the way. @default 1 */
  readonly hopMs: number
}

export const DEFAULT_RUMORS: RumorsModel = { degree: 6, hopMs: 1 }

type Listener = (gossip: Gossip, from: PeerId) => void
type Ear = { readonly index: number; readonly life: Life; readonly listeners: Set<Listener> }
type Way = { readonly from: PeerId; readonly to: PeerId; readonly hops: number }

export type SimRumorsInit = {
  readonly clock: VirtualClock
  readonly random: Random
  readonly network: SimNetwork
  readonly model: RumorsModel
  readonly trace: TraceHash
}

export class SimRumors {
  readonly #init: SimRumorsInit
  readonly #ears = new Map<PeerId, Ear>()

  constructor(init: SimRumorsInit) {
    this.#init = init
  }

  /** A node's port for one life. */
  attach(place: { readonly peer: PeerId; readonly index: number; readonly life: Life }): Rumors {
    const { peer, index, life } = place
    const listeners = new Set<Listener>()
    this.#ears.set(peer, { index, life, listeners })
    return {
      publish: (gossip) => {
        if (life.state === 'running') this.#publish(peer, gossip)
      },
      subscribe: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    }
  }

  #publish(from: PeerId, gossip: Gossip): void {
    const { random, model } = this.#init
    const hopsMax = Math.max(1, Math.ceil(Math.log(this.#ears.size) / Math.log(model.degree)))
    for (const to of this.#ears.keys()) {
      if (to !== from) this.#send({ from, to, hops: 1 + below(random, hopsMax) }, gossip)
    }
  }

  #send({ from, to, hops }: Way, gossip: Gossip): void {
    const { clock, random, network, model } = this.#init
    const verdict = judge(network.rules, { kind: 'gossip', message: gossip, from, to })
    if (verdict.type === 'drop' || verdict.type === 'refuse') return
    const [a, b] = [this.#ears.get(from), this.#ears.get(to)]
    if (a === undefined || b === undefined) return
    const hopMs = network.latencyMs(a.index, b.index) + between(random, 0, model.hopMs)
    clock.after(verdict.type === 'deliver' ? verdict.afterMs : hops * hopMs, () => {
      // What comes while the way is closed is lost: repair is the rooms' business.
      if (b.life.state !== 'running' || !network.isReachable(from, to)) return
      const arrival = { from: a.index, to: b.index, bytes: gossipBytes(gossip) }
      this.#init.trace.add({ atMs: clock.elapsedMs, ...arrival })
      for (const listener of b.listeners) listener(gossip, from)
    })
  }
}
