// The whole against the real mesh: processes of the real command line on loopback, and simulated nodes, that
// read the same tree in the same orders. Costs are measured first, on this machine, in a mesh of two.
import { mkdir, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { pickSome } from '../../../sim/engine/draws.ts'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import type { SimTree } from '../../../sim/storage/tree.ts'
import { createWorld, type World } from '../../../sim/world.ts'
import { Place, type PeerProcess } from '../../peers/composition/peer-process.ts'

const VOLUME = 'data'
const READY_MS = 60_000

export type WholeCase = { readonly nodes: number; readonly seed: number }

export type WholeFigures = {
  /** Reads of file blocks at the source, by all nodes. */
  readonly dataReads: number
  /** Reads of directory pages at the source. */
  readonly pageReads: number
  /** Blocks and pages handed to peers. */
  readonly served: number
  /** Messages between peers for each block or page that a node came to hold. */
  readonly messagesABlock: number
  /** From the first read to the end of the last, in milliseconds. */
  readonly finishMs: number
}

export type Costs = {
  /** A file that is here already, through the API, in milliseconds. */
  readonly hereMs: number
  /** A block from a peer, besides, in milliseconds. */
  readonly exchangeMs: number
  /** A block from the source, besides. */
  readonly sourceMs: number
}

type File = { readonly path: string; readonly size: number }

/** Some hundreds of small files, and a few of several blocks. */
export function filesOf(seed: number): File[] {
  const random = new SeededRandom(seed)
  const small = Array.from({ length: 300 }, (_, i) => ({
    path: `lib/pkg${i % 20}/mod${i}.py`,
    size: 200 + Math.floor(random.next() ** 3 * 60_000),
  }))
  const large = Array.from({ length: 3 }, (_, i) => ({ path: `lib/lib${i}.so`, size: 3_500_000 }))
  return [...small, ...large]
}

/** The order of one node: its own, as programs differ. */
function orderOf(files: readonly File[], { seed }: WholeCase, node: number): string[] {
  const random = new SeededRandom(seed).fork(`order ${node}`)
  return pickSome(random, files, files.length).map((file) => file.path)
}

export async function realWhole(of: WholeCase): Promise<WholeFigures> {
  await using place = new Place()
  const files = filesOf(of.seed)
  const peers = await startPeers(place, of.nodes, await makeTree(place, files))
  const before = await countsOf(peers)
  const startMs = performance.now()
  await Promise.all(peers.map((peer, i) => readAll(peer, orderOf(files, of, i))))
  const finishMs = performance.now() - startMs
  const after = await countsOf(peers)
  const change = (name: keyof Counts) => after[name] - before[name]
  return {
    dataReads: after.dataReads,
    pageReads: after.pageReads,
    served: change('served'),
    messagesABlock: (2 * change('requests')) / (after.blocks - before.blocks),
    finishMs,
  }
}

async function makeTree(place: Place, files: readonly File[]): Promise<string> {
  const root = place.makeDirectory('source')
  for (const file of files) {
    await mkdir(path.join(root, path.dirname(file.path)), { recursive: true })
    await writeFile(path.join(root, file.path), Buffer.alloc(file.size, file.path))
  }
  return root
}

async function startPeers(place: Place, count: number, root: string): Promise<PeerProcess[]> {
  const volume = ['--mount', `${VOLUME}=/nowhere`, '--no-mount', '--source', `${VOLUME}=${root}`]
  const first = await place.startPeer('0', volume)
  const peers = [first]
  for (let i = 1; i < count; i++) {
    peers.push(await place.startPeer(String(i), [...volume, '--join', first.address]))
  }
  for (const { client } of peers) {
    const { isReady } = await client.ready(count, READY_MS)
    if (!isReady) throw new Error(`a mesh of ${count} peers is not ready`)
  }
  return peers
}

async function readAll({ client }: PeerProcess, order: readonly string[]): Promise<number> {
  let bytes = 0
  for (const file of order) {
    for await (const chunk of client.file(VOLUME, file)) bytes += chunk.length
  }
  return bytes
}

type Counts = {
  readonly dataReads: number
  readonly pageReads: number
  readonly served: number
  readonly requests: number
  readonly blocks: number
}

async function countsOf(peers: readonly PeerProcess[]): Promise<Counts> {
  const statuses = await Promise.all(peers.map(({ client }) => client.status()))
  const sum = (of: (status: (typeof statuses)[number]) => number | undefined) =>
    statuses.reduce((total, status) => total + (of(status) ?? 0), 0)
  return {
    dataReads: sum(({ node }) => node.counters['source_data_reads_total']),
    pageReads: sum(({ node }) => node.counters['source_page_reads_total']),
    served: sum(({ node }) => node.counters['serve_blocks_total']),
    requests: sum(({ network }) => network['net_requests_total']),
    blocks: sum(({ node }) => node.ram.blocks),
  }
}

/** What things cost here and now: a mesh of two reads the tree, one peer after the other. */
export async function measureCosts(of: WholeCase): Promise<Costs> {
  await using place = new Place()
  const files = filesOf(of.seed)
  const peers = await startPeers(place, 2, await makeTree(place, files))
  const order = orderOf(files, of, 0)
  const timed = async (peer: PeerProcess | undefined) => {
    const startMs = performance.now()
    if (peer !== undefined) await readAll(peer, order)
    return (performance.now() - startMs) / files.length
  }
  const [first, second] = peers
  const coldMs = await timed(first)
  const fromPeerMs = await timed(second)
  const hereMs = await timed(second)
  const { requests } = await countsOf(peers)
  const exchangeMs = Math.max(0.05, ((fromPeerMs - hereMs) * files.length) / (requests / 2))
  // Of the first reader's files, half came from the source through the other.
  const sourceMs = Math.max(0.05, coldMs - hereMs - exchangeMs / 2)
  return { hereMs, exchangeMs, sourceMs }
}

export async function simulatedWhole(of: WholeCase, costs: Costs): Promise<WholeFigures> {
  const files = filesOf(of.seed)
  // All these nodes share this machine's cores.
  const crowd = Math.max(1, of.nodes / os.availableParallelism())
  const world = await createWorld({
    seed: of.seed,
    nodes: of.nodes,
    tree: (tree: SimTree) => {
      for (const file of files) tree.makeFile(file.path, { size: file.size })
    },
    network: { cpuMessageMs: (costs.exchangeMs / 4) * crowd, rackLatencyMs: 0.01 },
    storage: { latencyMs: costs.sourceMs, latencySpread: 0 },
  })
  await world.run(() => Promise.all(world.nodes.map((node) => node.mesh.ready(VOLUME))))
  const before = simulatedCounts(world)
  const startMs = world.clock.elapsedMs
  await world.run(() =>
    Promise.all(
      world.nodes.map(async (node, i) => {
        for (const file of orderOf(files, of, i)) {
          await node.readFile(file)
          await world.sleep(costs.hereMs * crowd)
        }
      }),
    ),
  )
  const after = simulatedCounts(world)
  return {
    dataReads: after.dataReads,
    pageReads: after.pageReads,
    served: after.served - before.served,
    messagesABlock: (after.requests - before.requests) / (after.blocks - before.blocks),
    finishMs: world.clock.elapsedMs - startMs,
  }
}

/** `requests` counts messages, replies among them. */
function simulatedCounts(world: World): Counts {
  const statuses = world.nodes.map((node) => node.status())
  const sum = (of: (status: (typeof statuses)[number]) => number | undefined) =>
    statuses.reduce((total, status) => total + (of(status) ?? 0), 0)
  return {
    dataReads: sum(({ counters }) => counters['source_data_reads_total']),
    pageReads: sum(({ counters }) => counters['source_page_reads_total']),
    served: sum(({ counters }) => counters['serve_blocks_total']),
    requests: world.trace.count,
    blocks: sum(({ ram }) => ram.blocks),
  }
}
