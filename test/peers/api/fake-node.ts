// A mesh node without a mesh, behind a real API on a real socket, for tests of the API and of the
// commands that use it.
import { Histogram } from '../../../src/base/histogram.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { serveApi } from '../../../peers/api/api-server.ts'
import type { PeerFacts } from '../../../peers/api/protocol.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import type { NodeGauges } from '../../../src/node/gauges.ts'
import type { MeshNode, NodeStatus } from '../../../src/node/mesh-node.ts'
import { HEAT, type Heat } from '../../../src/node/heat/heat-status.ts'
import { Traces } from '../../../src/heat/traces.ts'
import { realClock } from '../../../peers/ports/real-clock.ts'
import { realRandom } from '../../../peers/ports/real-random.ts'
import { FakeVolume } from './fake-volume.ts'
import type { FakeTree } from './fake-volume.ts'

const TREE: FakeTree = {
  'hello.txt': 'hello world',
  empty: '',
  large: 'x'.repeat(10_000),
  broken: '!',
  link: '-> hello.txt',
  lib: { 'a.py': 'a', 'b.py': 'bb', deep: { 'c.py': 'ccc' } },
  '\u00c3\u00a9': 'a name of two bytes, é in UTF-8',
}

const NO_GAUGES: NodeGauges = {
  ramBytes: 0,
  pinnedBytes: 0,
  ramCapacityBytes: 0,
  flights: 0,
  prefetches: 0,
  prefetchUnreadBytes: 0,
  inodes: 1,
  openFiles: 0,
  openDirectories: 0,
  floors: 0,
  rumorLives: 1,
  rumorBytes: 0,
  repairs: 0,
  referrals: 0,
  dirtyBytes: 0,
  dirtyFiles: 0,
  dirtyCopyBytes: 0,
  warmJobs: 0,
  keptInodes: 0,
  lockWaiters: 0,
  lockLeases: 0,
  heldInodes: 0,
}

export type FakeNode = MeshNode & {
  readonly fake: FakeVolume
  readonly calls: unknown[]
  peers: number
  isServing: boolean
  warming: (signal: AbortSignal | undefined) => Promise<void>
  forgetting: () => Promise<void>
}

export function fakeNode(): FakeNode {
  const fake = new FakeVolume('data', TREE)
  const find = (name: string) => {
    if (name === 'data') return fake
    throw new PotluckError('UNKNOWN_VOLUME', `no volume ${name} here`)
  }
  const traces = quietTraces()
  const node: FakeNode = {
    fake,
    calls: [],
    locks: {
      lock: () => Promise.resolve(),
      test: () => Promise.resolve(undefined),
      releaseOwner: () => Promise.resolve(),
      isLost: () => false,
    },
    peers: 2,
    isServing: true,
    warming: () => Promise.resolve(),
    forgetting: () => Promise.resolve(),
    peer: 'peer-a',
    heat: hotFile(),
    volumes: () => [fake],
    volume: find,
    status: () => statusOf(node),
    traces: (volume) => {
      find(volume)
      return traces
    },
    gauges: () => ({ ...NO_GAUGES }),
    async invalidate(volume, where, options) {
      find(volume)
      node.calls.push(['invalidate', where, options])
    },
    async warm(volume, paths, options) {
      find(volume)
      const what = options?.trace === undefined ? paths : { trace: options.trace }
      node.calls.push(['warm', what, options?.everyNode])
      options?.onProgress?.({ files: 2, filesDone: 1, bytes: 20, bytesDone: 10 })
      await node.warming(options?.signal)
      return { files: 2, filesDone: 2, bytes: 20, bytesDone: 20 }
    },
    async holders(volume, where) {
      find(volume)
      node.calls.push(['holders', where])
      return { blocks: 3, holders: [{ peer: 'peer-b', blocks: 2, isHome: true }] }
    },
    async ready(volume) {
      find(volume)
      if (!node.isServing) throw new PotluckError('NO_SOURCE', 'nobody has it')
    },
    stop: () => Promise.resolve(),
  }
  return node
}

/** One hot file, whose name is no HTML. */
function hotFile(): Heat {
  const path = 'lib/hot<1>.py'
  const pins = { files: 3, bytes: 4096, capacityBytes: 8192 }
  const sample = (atMs: number, perSecond: number) => {
    return { atMs, files: [{ volume: 'data', path, perSecond }] }
  }
  const status = {
    ...HEAT,
    pinnedBytes: 4096,
    pinCapacityBytes: 8192,
    blocksToHold: 1,
    isTight: false,
  }
  const samples = [sample(1, 2), sample(10_001, 3)]
  return {
    wish: () => {},
    pins: () => pins,
    status: () => ({ ...status, files: [], wishes: [], samples }),
  }
}

/** Knows what it is told, and follows nothing. */
function quietTraces(): Traces {
  return new Traces({
    clock: realClock,
    random: realRandom,
    spreadMs: () => 0,
    ahead: () => {
      throw new PotluckError('ENOSYS', 'nothing is followed here')
    },
    forgetKernel: () => {},
    onChanged: () => {},
  })
}

function statusOf(node: FakeNode): NodeStatus {
  const tiers = { shard: 5, peer: 3, source: 2 }
  return {
    peer: 'peer-a',
    epoch: 1,
    peers: node.peers,
    upMs: 65_000,
    ram: { capacityBytes: 1024 ** 3, usedBytes: 1024 ** 2, blocks: 7 },
    dirty: { bytes: 0, files: 0, copyBytes: 0 },
    volumes: [
      {
        name: 'data',
        hasSource: true,
        coherence: 'gossip',
        blockBytes: 4096,
        blocks: tiers,
        bytes: tiers,
      },
    ],
    counters: { serve_bytes_total: 4096, fetch_hedges_total: 1 },
    fetchMs: { p50: 1, p99: 20, max: 30 },
    fetchTimes: fetchTimes(),
  }
}

export const FACTS: PeerFacts = {
  mesh: 'default',
  pid: 42,
  addresses: ['/ip4/127.0.0.1/tcp/4100/p2p/peer-a'],
  mounts: [{ volume: 'data', mountPoint: '/mnt/data', counters: { fuse_read_total: 9 } }],
  sources: { data: { reads: 2, bytes: 8192, lists: 1 } },
  network: { net_links: 2, net_requests_total: 8 },
  pins: { files: 3, bytes: 4096, capacityBytes: 8192 },
  rssBytes: 50 * 1024 ** 2,
}

export type ServedNode = AsyncDisposable & {
  readonly node: FakeNode
  readonly socket: string
  readonly directory: string
}

/** Serves a fake node on a socket of its own, until disposed. */
export async function serveFakeNode(): Promise<ServedNode> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'potluck-test-'))
  const node = fakeNode()
  const socket = path.join(directory, 'api.sock')
  const subject = { node, facts: () => FACTS, whenForgotten: () => node.forgetting() }
  const server = await serveApi(subject, socket, () => undefined)
  return {
    node,
    socket,
    directory,
    async [Symbol.asyncDispose]() {
      await server.stop()
      await rm(directory, { recursive: true })
    },
  }
}

function fetchTimes(): Histogram {
  const times = new Histogram()
  times.add(0.02)
  return times
}
