// Real gossipsub and the simulator's gossip on the same links: how many copies of a message a node gets,
// and over how many hops the last one hears of it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { GossipSub } from '@libp2p/gossipsub'
import type { Gossip } from '../../../src/ports/messages.ts'
import { Life } from '../../../sim/engine/life.ts'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import { TraceHash } from '../../../sim/engine/trace-hash.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'
import { type CopyHeard, DEFAULT_RUMORS, SimRumors } from '../../../sim/gossip/rumors.ts'
import { DEFAULT_OVERLAY, Overlay } from '../../../sim/gossip/overlay.ts'
import { DEFAULT_COSTS, DEFAULT_TOPOLOGY } from '../../../sim/network/costs.ts'
import { SimNetwork } from '../../../sim/network/network.ts'
import { Cluster, until } from './cluster.ts'

const TOPIC = 'rumors'
const ENVELOPE_BYTES = 12
/** Long enough for the last copy in a loaded process. */
const SETTLE_MS = 2_000

export type GossipFigures = {
  /** Copies that a node other than the publisher received of a message, on average. */
  readonly copiesANode: number
  readonly copiesMax: number
  /** Of each message the hops to who heard of it last; the mean and the most. */
  readonly lastHops: number
  readonly hopsMax: number
  readonly hopsMean: number
  /** Nodes that heard of each message, as a share. */
  readonly reached: number
  readonly meshDegree: number
}

export type GossipCase = {
  readonly nodes: number
  readonly messages: number
  readonly seed: number
}

type Copy = { readonly message: number; readonly from: number; readonly to: number }

/** The links of a world of so many nodes, as the model draws them: each is dialled from one end. */
function dialsOf({ nodes, seed }: GossipCase): number[][] {
  const overlay = new Overlay<number>(DEFAULT_OVERLAY, new SeededRandom(seed), () => true)
  for (let i = 0; i < nodes; i++) overlay.join(i)
  return overlay
    .living()
    .map((member) => member.links.map(({ of }) => of).filter((other) => other < member.of))
}

export async function realGossip(of: GossipCase): Promise<GossipFigures> {
  const dials = dialsOf(of)
  await using cluster = await Cluster.start({ nodes: of.nodes, dials: (i) => dials[i] ?? [] })
  const copies: Copy[] = []
  const numbers = new Map(cluster.peers().map((peer, number) => [peer, number]))
  const gossips = cluster.nodes.map((_, number) => cluster.gossip(number))
  for (const [to, gossip] of gossips.entries()) {
    listen(gossip, (from, message) => copies.push({ message, from: numbers.get(from) ?? -1, to }))
    gossip.subscribe(TOPIC)
  }
  const isMeshed = () => gossips.every((gossip) => degreeOf(gossip) >= DEFAULT_OVERLAY.degreeLow)
  await until(isMeshed, 120_000, 'a mesh at every node')
  await sleep(3 * DEFAULT_RUMORS.heartbeatMs)
  const degrees = gossips.map(degreeOf)
  const publishers: number[] = []
  for (let message = 0; message < of.messages; message++) {
    const publisher = (message * 7) % of.nodes
    publishers.push(publisher)
    const data = Buffer.alloc(200)
    data.writeUInt32LE(message + 1, 0)
    await gossips[publisher]?.publish(TOPIC, data)
    await sleep(100)
  }
  await sleep(SETTLE_MS)
  const hops = (each: readonly Copy[], publisher: number) => firstHops(each, publisher)
  return figuresOf(of, {
    copies: publishers.map((_, message) => copies.filter((copy) => copy.message === message)),
    publishers,
    hops,
    meshDegree: degrees.reduce((sum, degree) => sum + degree, 0) / degrees.length,
  })
}

function degreeOf(gossip: GossipSub): number {
  const { mesh } = gossip as unknown as { readonly mesh: ReadonlyMap<string, ReadonlySet<string>> }
  return mesh.get(TOPIC)?.size ?? 0
}

type Received = { readonly messages?: readonly { readonly data?: Uint8Array }[] }

/** Every copy that comes in, before gossipsub looks whether it is new. */
function listen(gossip: GossipSub, onCopy: (from: string, message: number) => void): void {
  const inside = gossip as unknown as {
    handleReceivedRpc: (from: { toString(): string }, rpc: Received) => Promise<void>
  }
  const handle = inside.handleReceivedRpc.bind(gossip)
  inside.handleReceivedRpc = (from, rpc) => {
    for (const { data } of rpc.messages ?? []) {
      if (data === undefined || data.length < ENVELOPE_BYTES) continue
      onCopy(from.toString(), Buffer.from(data).readUInt32LE(0) - 1)
    }
    return handle(from, rpc)
  }
}

/** The first copy of each says who it has it from; that one's hops and one more. */
function firstHops(copies: readonly Copy[], publisher: number): number[] {
  const hops = new Map([[publisher, 0]])
  for (const { from, to } of copies) {
    if (!hops.has(to)) hops.set(to, (hops.get(from) ?? 0) + 1)
  }
  hops.delete(publisher)
  return [...hops.values()]
}

export async function simulatedGossip(of: GossipCase): Promise<GossipFigures> {
  const [clock, trace, random] = [new VirtualClock(), new TraceHash(), new SeededRandom(of.seed)]
  const network = new SimNetwork({
    clock,
    trace,
    costs: DEFAULT_COSTS,
    topology: DEFAULT_TOPOLOGY,
    onUnreachable: () => {},
  })
  let heard: CopyHeard[] = []
  const rumors = new SimRumors({
    clock,
    trace,
    random,
    network,
    model: DEFAULT_RUMORS,
    onCopy: (copy) => heard.push(copy),
  })
  const ports = Array.from({ length: of.nodes }, (_, index) => {
    const place = { peer: String(index), index, life: new Life(clock) }
    network.attach(place)
    return rumors.attach(place)
  })
  const copies: CopyHeard[][] = []
  const publishers: number[] = []
  for (let message = 0; message < of.messages; message++) {
    const publisher = (message * 7) % of.nodes
    publishers.push(publisher)
    const head = { publisher: String(publisher), epoch: 1, number: message + 1 }
    const gossip: Gossip = { type: 'heartbeat', head }
    ports[publisher]?.publish(gossip)
    await clock.run(SETTLE_MS)
    copies.push(heard)
    heard = []
  }
  const hops = (each: readonly CopyHeard[]) =>
    each.filter(({ isFirst }) => isFirst).map((copy) => copy.hops)
  return figuresOf(of, { copies, publishers, hops, meshDegree: rumors.meshDegree })
}

type Seen<T> = {
  /** Of each message. */
  readonly copies: readonly (readonly T[])[]
  readonly publishers: readonly number[]
  readonly hops: (copies: readonly T[], publisher: number) => number[]
  readonly meshDegree: number
}

function figuresOf<T extends { readonly to: unknown }>(
  of: GossipCase,
  seen: Seen<T>,
): GossipFigures {
  const { copies, publishers, meshDegree } = seen
  const hops = copies.map((each, message) => seen.hops(each, publishers[message] ?? 0))
  const last = hops.map((each) => Math.max(...each))
  const others = of.nodes - 1
  const counts = copies.flatMap((each) => {
    const byNode = new Map<unknown, number>()
    for (const { to } of each) byNode.set(to, (byNode.get(to) ?? 0) + 1)
    return [...byNode.values()]
  })
  const all = hops.flat()
  return {
    copiesANode: mean(copies.map((each) => each.length / others)),
    copiesMax: Math.max(...counts),
    lastHops: mean(last),
    hopsMax: Math.max(...last),
    hopsMean: mean(all),
    reached: all.length / (others * of.messages),
    meshDegree,
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}
