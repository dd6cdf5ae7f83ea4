// A whole cluster in one process and in virtual time: N nodes made by the same `startNode` as real ones,
// on simulated ports, before one simulated storage.
//
// A run is a seed. All randomness is forked from it by name, all time is the one clock's, so the same
// seed and the same calls give the same `hash()`, in any process.
import { hash } from 'node:crypto'
import type { PeerId } from '../src/ports/messages.ts'
import type { NodeInit, NodePorts, VolumeInit } from '../src/node/mesh-node.ts'
import type { HeatInit } from '../src/node/heat/heat-status.ts'
import { Contents, type ContentsKind } from './storage/contents.ts'
import {
  DEFAULT_COSTS,
  DEFAULT_TOPOLOGY,
  type NetworkCosts,
  type Topology,
} from './network/costs.ts'
import { SimNetwork } from './network/network.ts'
import { DEFAULT_ROUTING, type RoutingModel, SimRouting } from './routing/routing.ts'
import { DEFAULT_RUMORS, type RumorsModel, SimRumors } from './gossip/rumors.ts'
import { SeededRandom } from './engine/seeded-random.ts'
import { DEFAULT_STORAGE, Storage, type StorageCosts } from './storage/storage.ts'
import { TraceHash } from './engine/trace-hash.ts'
import { SimTree } from './storage/tree.ts'
import { VirtualClock } from './engine/virtual-clock.ts'
import { WorldNode } from './world-node.ts'

/** The name of the one volume. */
export const VOLUME = 'data'

/** How long before the start everything was put on the storage. */
const DAY_MS = 24 * 3_600_000

/** Virtual time after which a run that has not ended never will. */
const RUN_MS = 3_600_000

export type WorldInit = {
  readonly seed: string | number
  readonly nodes: number
  /** Builds what lies on the storage. */
  readonly tree?: (tree: SimTree) => void
  /** @default 'zero': bytes are accounted, not allocated */
  readonly contents?: ContentsKind
  /** Which nodes have the source mounted. @default all */
  readonly withSource?: (index: number) => boolean
  /** How many more nodes there are, with the highest numbers, that nobody knows until they join. */
  readonly latent?: number
  /** Which nodes are known to the others from the start, and dead. @default none */
  readonly isDead?: (index: number) => boolean
  /** By how much each node's clock is ahead of the true time, in milliseconds. @default 0 */
  readonly skewMs?: (index: number) => number
  /** Looks at what each life of a node starts with, or puts something else there. */
  readonly instrument?: (inside: NodeInside, node: WorldNode) => NodeInside
  /** Each node's shard, in bytes. @default 1 GiB */
  readonly ramBytes?: number
  readonly volume?: Omit<VolumeInit, 'name' | 'source'>
  /** @default nobody counts what is used, and nothing is pinned */
  readonly heat?: HeatInit
  readonly network?: Partial<NetworkCosts>
  readonly topology?: Topology
  readonly routing?: Partial<RoutingModel>
  readonly rumors?: Partial<RumorsModel>
  readonly storage?: Partial<StorageCosts>
}

/** What a life of a node starts with. */
export type NodeInside = { readonly ports: NodePorts; readonly init: NodeInit }

/** Makes a world with all its living nodes started and known to each other. */
export async function createWorld(init: WorldInit): Promise<World> {
  const world = new World(init)
  await world.start()
  return world
}

export class World {
  readonly clock = new VirtualClock()
  readonly trace = new TraceHash()
  readonly random: SeededRandom
  readonly tree: SimTree
  readonly contents: Contents
  readonly storage: Storage
  readonly network: SimNetwork
  readonly routing: SimRouting
  readonly rumors: SimRumors
  readonly nodes: readonly WorldNode[]
  readonly heat: HeatInit | undefined
  readonly #init: WorldInit

  constructor(init: WorldInit) {
    const { clock, trace } = this
    this.#init = init
    this.heat = init.heat
    this.random = new SeededRandom(init.seed)
    this.tree = new SimTree(clock)
    init.tree?.(this.tree)
    this.tree.age(DAY_MS)
    this.contents = new Contents(init.contents ?? 'zero')
    const storageCosts = { ...DEFAULT_STORAGE, ...init.storage }
    this.storage = new Storage({ clock, random: this.random.fork('storage'), costs: storageCosts })
    this.network = new SimNetwork({
      clock,
      trace,
      costs: { ...DEFAULT_COSTS, ...init.network },
      topology: init.topology ?? DEFAULT_TOPOLOGY,
      onUnreachable: (asker, peer) => this.routing.noticed(asker, peer),
    })
    this.routing = new SimRouting({
      clock,
      random: this.random.fork('routing'),
      model: { ...DEFAULT_ROUTING, ...init.routing },
      isReachable: (from, to) => this.network.isReachable(from, to),
    })
    this.rumors = new SimRumors({
      clock,
      trace,
      random: this.random.fork('rumors'),
      network: this.network,
      model: { ...DEFAULT_RUMORS, ...init.rumors },
    })
    this.nodes = this.#found()
  }

  get volumeInit(): VolumeInit {
    return { name: VOLUME, ...this.#init.volume }
  }

  get ramBytes(): number {
    return this.#init.ramBytes ?? 2 ** 30
  }

  /** How many nodes were not there at the start: those with the highest numbers. */
  get latent(): number {
    return this.#init.latent ?? 0
  }

  skewMs(index: number): number {
    return this.#init.skewMs?.(index) ?? 0
  }

  hasSource(index: number): boolean {
    return this.#init.withSource?.(index) ?? true
  }

  instrument(inside: NodeInside, node: WorldNode): NodeInside {
    return this.#init.instrument?.(inside, node) ?? inside
  }

  node(index: number): WorldNode {
    const node = this.nodes[index]
    if (node === undefined)
      throw new RangeError(`no node ${index} in a world of ${this.nodes.length}`)
    return node
  }

  /** Starts all nodes that live. */
  async start(): Promise<void> {
    const living = this.nodes.filter((node) => node.isLiving)
    await this.clock.runUntil(Promise.all(living.map((node) => node.start())))
  }

  /** Lets virtual time pass until the work is done. @throws StallError where it can't be */
  run<T>(work: (world: World) => Promise<T>, options: { withinMs?: number } = {}): Promise<T> {
    const { withinMs = RUN_MS } = options
    return this.clock.runUntil(work(this), { withinMs })
  }

  /** Lets this much virtual time pass; to be awaited inside `run`. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.at(this.clock.elapsedMs + ms, resolve))
  }

  /** Ends a node's life at once: its connections close, or with `isSilent` fall silent. */
  crash(index: number, options: { readonly isSilent?: boolean } = {}): void {
    const { peer } = this.node(index)
    this.node(index).end()
    this.network.closed(peer, options)
    this.routing.leave(peer, options)
  }

  /** Starts a dead or latent node, with the same identity, a new epoch and nothing in its shard. */
  async bounce(index: number): Promise<void> {
    const node = this.node(index)
    if (node.life.state !== 'dead') this.crash(index)
    node.revive()
    this.routing.join(node.peer)
    await node.start()
  }

  /** A node stops answering, and everything else, until `resume`. */
  hang(index: number): void {
    const node = this.node(index)
    node.life.hang()
    this.network.hung(node.peer)
    this.routing.disturbed()
  }

  resume(index: number): void {
    const node = this.node(index)
    node.life.resume()
    this.network.resumed(node.peer)
    this.routing.disturbed()
  }

  /** Nothing passes between nodes on different sides until `repair`. */
  partition(sideOf: (index: number) => number): void {
    this.network.partition(sideOf)
    this.routing.disturbed()
  }

  repair(): void {
    this.network.repair()
    this.routing.disturbed()
  }

  /** Stops all nodes as a user would; what they leave behind shows in `clock.pending`. */
  async stop(): Promise<void> {
    await this.clock.runUntil(Promise.all(this.nodes.map((node) => node.stop())), {
      withinMs: RUN_MS,
    })
  }

  /** Over all messages so far and the state of everything now. */
  hash(): string {
    const { storage, trace, clock } = this
    const state = {
      trace: [trace.count, String(trace)],
      elapsedMs: clock.elapsedMs,
      storage: [storage.counts, [...storage.blockReads]],
      nodes: this.nodes.map((node) => node.summary()),
      traffic: this.nodes.map((node) => this.network.traffic(node.peer)),
    }
    return hash('sha256', JSON.stringify(state)).slice(0, 16)
  }

  #found(): WorldNode[] {
    const { nodes: known, latent = 0, isDead = () => false } = this.#init
    const mesh = this.random.uint32().toString(36)
    const peers: PeerId[] = Array.from({ length: known + latent }, (_, i) => `node-${i}-${mesh}`)
    this.routing.found(peers.slice(0, known))
    return peers.map((peer, index) => {
      const node = new WorldNode(this, { peer, index })
      if (index < known && !isDead(index)) return node
      node.end()
      this.network.closed(peer, { isSilent: true })
      if (index < known) this.routing.outdated(peer)
      return node
    })
  }
}
