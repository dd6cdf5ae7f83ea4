// For each checker a mesh that is broken on purpose, through its ports and never in `src`, which this
// checker must catch. The unbroken mesh, in the same runs, breaks no promise: see swarm.test.ts.
import test, { type ExecutionContext } from 'ava'
import type { Block, Reply, Want } from '../../../src/ports/messages.ts'
import { versionOf } from '../../../src/block/version.ts'
import type { Network, RequestOptions } from '../../../src/ports/network.ts'
import { queueBounds } from '../../../sim/checkers/queue-bounds.ts'
import { NO_FAULTS } from '../../../sim/faults/faults.ts'
import { PASS } from '../../../sim/network/rules.ts'
import { runSeed, type Spoil } from '../../../sim/swarm/run-seed.ts'
import { attributesOf } from '../../../sim/storage/tree.ts'
import { Watch } from '../../../sim/watch/watch.ts'
import { type NodeInside, VOLUME, World } from '../../../sim/world.ts'

/** Of these seeds: much RAM, or little, pages checked every 5 seconds. */
const [ROOMY, TIGHT] = [25, 1]
const NODES = 8
const MIB = 1024 * 1024
const BLOCKS = 200
const SLOWLY = 10_000
const WANT = {
  volume: `${VOLUME}@${MIB}`,
  kind: 'data',
  splits: 0,
  path: 'f',
  floor: 0,
  reach: 'held',
} as const

type Caught = {
  readonly by: string
  /** In at least one of these. */
  readonly seeds?: readonly number[]
  readonly forMs?: number
  readonly changes?: number
}

async function catches(t: ExecutionContext, { by, ...run }: Caught, spoil: Spoil): Promise<void> {
  const { seeds = [ROOMY], forMs = 4_000, changes = 0.1 } = run
  const faults = { ...NO_FAULTS, forMs }
  const names = new Set<string>()
  for (const seed of seeds) {
    const { violations } = await runSeed({ seed, nodes: NODES, faults, changes, spoil })
    for (const { checker } of violations) names.add(checker)
  }
  t.true(names.has(by), `caught by ${[...names].join(', ') || 'nobody'}`)
}

const withPorts = (
  change: (ports: NodeInside['ports']) => Partial<NodeInside['ports']>,
): Spoil => ({
  inside: ({ ports, init }) => ({ init, ports: { ...ports, ...change(ports) } }),
})

/** Puts other blocks of files in the place of those that peers answer with. */
const withBlocks = (change: (block: Block, world: World) => Block): Spoil => ({
  world: (world) => {
    world.network.rules.push(({ kind, message }) => {
      if (kind !== 'reply' || message.type !== 'answer' || message.answer.type !== 'block')
        return PASS
      const { block } = message.answer
      if (block.version === 0) return PASS
      const answer = { type: 'block', block: change(block, world) } as const
      return { type: 'alter', message: { type: 'answer', answer } }
    })
  },
})

test('right-bytes: other bytes under a right checksum', (t) =>
  catches(
    t,
    { by: 'right-bytes' },
    withBlocks((block, { contents }) => {
      const bytes = block.bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte))
      return { ...block, bytes, checksum: contents.checksum(bytes) }
    }),
  ))

test('fresh: a node whose clock stands still looks at nothing again', (t) =>
  catches(
    t,
    { by: 'fresh', seeds: [TIGHT], forMs: 15_000, changes: 0.02 },
    withPorts(({ clock }) => {
      const startMs = clock.now()
      return { clock: { now: () => startMs, after: (ms, callback) => clock.after(ms, callback) } }
    }),
  ))

test('heeds-news: news that is taken in and passed over', (t) =>
  catches(
    t,
    { by: 'heeds-news', seeds: [2], forMs: 10_000 },
    withPorts(({ rumors }) => ({
      rumors: { ...rumors, subscribe: () => rumors.subscribe(() => {}) },
    })),
  ))

// Somebody has to read the new state of a file, and after that the old one: no one seed sees to that.
test('never-back: the first bytes of a file that ever came, again and again', (t) => {
  const first = new Map<string, Block>()
  let turn = 0
  const again = ({ inode, index }: Want, reply: Reply): Reply => {
    if (reply.type !== 'answer' || reply.answer.type !== 'block') return reply
    const { block } = reply.answer
    const known = first.get(`${inode} ${index}`)
    first.set(`${inode} ${index}`, known ?? block)
    const isTurn = block.version !== 0 && turn++ % 2 === 1
    if (known?.bytes.length !== block.bytes.length || !isTurn) return reply
    const { bytes, checksum } = known
    return { type: 'answer', answer: { type: 'block', block: { ...block, bytes, checksum } } }
  }
  return catches(
    t,
    { by: 'never-back', seeds: [15, 16], forMs: 12_000, changes: 0.2 },
    withPorts(({ network }) => ({
      network: {
        ...network,
        request: async (to, request, options) => {
          const reply = await network.request(to, request, options)
          return request.type === 'want' ? again(request.want, reply) : reply
        },
      },
    })),
  )
})

test('source-reads: nodes that know nobody', (t) =>
  catches(
    t,
    { by: 'source-reads', seeds: [TIGHT] },
    withPorts(({ routing }) => ({
      routing: { ...routing, contacts: () => [], subscribe: () => () => {} },
    })),
  ))

test('shard-bytes: more blocks kept than there is room for', (t) =>
  catches(
    t,
    { by: 'shard-bytes', seeds: [TIGHT] },
    { inside: ({ ports, init }) => ({ ports, init: { ...init, ramBytes: 3 * init.ramBytes } }) },
  ))

/** One node holds 200 MiB, and is asked for all of it at once over a slow line. */
async function asksForAll(ofServer: (network: Network) => Network): Promise<readonly string[]> {
  const watch = new Watch()
  const networks: Network[] = []
  const world = new World({
    seed: 1,
    nodes: 2,
    tree: (tree) => tree.makeFile('f', { size: BLOCKS * MIB }),
    network: { cpuMessageMs: 0, cpuByteMs: 0 },
    instrument: (inside, node) => {
      const { ports, init } = watch.instrument(inside, node)
      networks[node.index] = ports.network
      const network = node.index === 0 ? ofServer(ports.network) : ports.network
      return { init, ports: { ...ports, network } }
    },
  })
  watch.begin(world, [queueBounds()])
  await world.start()
  await world.run(async () => {
    const file = world.tree.find('f')
    const about = { inode: String(file.number), version: versionOf(attributesOf(file)) }
    await world.node(0).readFile('f')
    world.network.slow(world.node(0).peer, SLOWLY)
    for (let index = 0; index < BLOCKS; index++) {
      const want: Want = { ...WANT, ...about, index }
      networks[1]?.request(world.node(0).peer, { type: 'want', want }).catch(() => {})
    }
    await world.sleep(1_000)
  })
  return watch.violations.map(({ what }) => what)
}

test('queue-bounds: a server that looks at nothing while it begins what it is asked for', async (t) => {
  t.deepEqual(await asksForAll((network) => network), [])
  const [broken] = await asksForAll((network) => ({ ...network, queuedBytes: () => 0 }))
  t.regex(broken ?? '', /^node 0: queuedBytes \d+, over the bound/)
})

test('answers-soon: a request that is never settled', (t) => {
  let count = 0
  const lost = (options?: RequestOptions) =>
    count++ % 20 === 19 && options?.signal !== undefined ? new Promise<never>(() => {}) : undefined
  return catches(
    t,
    { by: 'answers-soon' },
    withPorts(({ network }) => ({
      network: {
        ...network,
        request: (to, request, options) => lost(options) ?? network.request(to, request, options),
      },
    })),
  )
})

test('message-rate: who asks a hundred times for one thing', (t) =>
  catches(
    t,
    { by: 'message-rate', forMs: 500 },
    withPorts(({ network }) => ({
      network: {
        ...network,
        request: (to, request, options) => {
          for (let i = 0; i < 100; i++) network.request(to, request).catch(() => {})
          return network.request(to, request, options)
        },
      },
    })),
  ))

test('no-leaks: timers that can not be cancelled', (t) =>
  catches(
    t,
    { by: 'no-leaks' },
    withPorts(({ clock }) => ({
      clock: {
        now: () => clock.now(),
        after: (ms, callback) => {
          clock.after(ms, callback)
          return () => {}
        },
      },
    })),
  ))
