// Real kad-dht tables and the simulator's, of the same peers at the same places in the key space: how
// many each knows, and how near to a key it can point.
import { setTimeout as sleep } from 'node:timers/promises'
import type { PeerId as Libp2pPeerId } from '@libp2p/interface'
import { positionOf } from '../../../peers/net/members/contacts.ts'
import { keyOf } from '../../../src/block/key.ts'
import { compareDistance } from '../../../src/placement/distance.ts'
import type { Key, PeerId } from '../../../src/ports/messages.ts'
import { pickSome } from '../../../sim/engine/draws.ts'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'
import { DEFAULT_ROUTING, SimRouting } from '../../../sim/routing/routing.ts'
import { Cluster, type RealNode } from './cluster.ts'

/** As many of the closest are compared; fewer than the smallest bucket. */
const CLOSEST = 8
const KEYS = 64
/** Tables grow while kad-dht looks around; after such a round without growth they are done. */
const QUIET_ROUNDS = 1
const ROUNDS_MAX = 12
const KEYS_A_ROUND = 1

export type TableFigures = {
  /** Peers in a table, on average. */
  readonly size: number
  /** Of the eight peers closest to a node, the share that its table has. */
  readonly nearOwn: number
  /** Of the eight peers closest to a random key, the share of which a table says so. */
  readonly nearKey: number
  /** Random keys whose home a table names right, as a share. */
  readonly home: number
}

export type TableCase = {
  readonly nodes: number
  readonly bucketSize: number
  readonly seed: number
}

/** A table as a function: the peers it believes closest to a key, closest first. */
type Table = {
  readonly peer: PeerId
  readonly size: number
  readonly closest: (key: Key) => PeerId[]
}

export type TableTruth = { readonly real: TableFigures; readonly simulated: TableFigures }

export async function compareTables(of: TableCase): Promise<TableTruth> {
  const random = new SeededRandom(of.seed)
  const numbers = Array.from({ length: of.nodes }, (_, i) => i)
  await using cluster = await Cluster.start({
    nodes: of.nodes,
    dials: (node) => pickSome(random, numbers.slice(0, node), 3),
    kBucketSize: of.bucketSize,
    looksAround: true,
  })
  const tables = cluster.nodes.map(realTable)
  await lookAround(cluster, tables)
  const peers = cluster.peers()
  return {
    real: figuresOf(tables.map(fixed), peers),
    simulated: figuresOf(simulatedTables(of, peers), peers),
  }
}

type RoutingTable = {
  readonly size: number
  closestPeers(kadId: Uint8Array, options: { count: number }): Libp2pPeerId[]
}
type Dht = { readonly routingTable: RoutingTable }

function dhtOf(node: RealNode): Dht {
  return node.services.dht as unknown as Dht
}

function realTable(node: RealNode): () => Table {
  const { routingTable } = dhtOf(node)
  return () => ({
    peer: node.peerId.toString(),
    size: routingTable.size,
    closest: (key) =>
      routingTable.closestPeers(Buffer.from(key, 'latin1'), { count: CLOSEST }).map(String),
  })
}

function fixed(table: () => Table): Table {
  return table()
}

/** Lets kad-dht do what it does in the background, until no table grows any more. */
async function lookAround(cluster: Cluster, tables: readonly (() => Table)[]): Promise<void> {
  let [before, quiet] = [0, 0]
  for (let round = 0; round < ROUNDS_MAX && quiet < QUIET_ROUNDS; round++) {
    for (const node of cluster.nodes) await lookFor(node, keysOf(round).slice(0, KEYS_A_ROUND))
    await sleep(200)
    const size = tables.reduce((sum, table) => sum + table().size, 0)
    quiet = size > before ? 0 : quiet + 1
    before = size
  }
}

/** Kademlia's search for oneself and for some keys: whoever answers comes into the table. */
async function lookFor(node: RealNode, keys: readonly Key[]): Promise<void> {
  const own = node.peerId.toMultihash().bytes
  for (const key of [own, ...keys.map((each) => Buffer.from(each, 'latin1'))]) {
    for await (const found of node.peerRouting.getClosestPeers(key)) void found
  }
}

/** Other keys each round. */
function keysOf(round: number): Key[] {
  return Array.from({ length: KEYS }, (_, index) =>
    keyOf({ volume: 'truth', inode: String(round), kind: 'data', index, splits: 0 }),
  )
}

function simulatedTables(of: TableCase, peers: readonly PeerId[]): Table[] {
  const routing = new SimRouting({
    clock: new VirtualClock(),
    random: new SeededRandom(of.seed),
    model: { ...DEFAULT_ROUTING, bucketSize: of.bucketSize, everybodyUpTo: 0 },
    isReachable: () => true,
    positionOf,
  })
  routing.found(peers)
  return peers.map((peer) => {
    const contacts = routing.port(peer).contacts()
    const closest = (key: Key) =>
      contacts
        .toSorted((a, b) => compareDistance(key, a.position, b.position))
        .slice(0, CLOSEST)
        .map((contact) => contact.peer)
    return { peer, size: contacts.length, closest }
  })
}

function figuresOf(tables: readonly Table[], peers: readonly PeerId[]): TableFigures {
  const places = peers.map((peer) => ({ peer, position: positionOf(peer) }))
  const truth = (key: Key, self: PeerId) =>
    places
      .filter(({ peer }) => peer !== self)
      .toSorted((a, b) => compareDistance(key, a.position, b.position))
      .slice(0, CLOSEST)
      .map(({ peer }) => peer)
  const keys = keysOf(ROUNDS_MAX)
  const [nearOwn, nearKey, home]: [number[], number[], number[]] = [[], [], []]
  for (const { peer, closest } of tables) {
    nearOwn.push(shareOf(truth(positionOf(peer), peer), closest(positionOf(peer))))
    for (const key of keys) {
      const [expected, found] = [truth(key, peer), closest(key)]
      nearKey.push(shareOf(expected, found))
      home.push(expected[0] === found[0] ? 1 : 0)
    }
  }
  const size = mean(tables.map((table) => table.size))
  return { size, nearOwn: mean(nearOwn), nearKey: mean(nearKey), home: mean(home) }
}

/** How much of the one is in the other. */
function shareOf(expected: readonly PeerId[], found: readonly PeerId[]): number {
  return expected.filter((peer) => found.includes(peer)).length / expected.length
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}
