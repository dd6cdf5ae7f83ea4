// The canaries of those who watch writers: each breaks the mesh on purpose, and its checker must say so.
import test, { type ExecutionContext } from 'ava'
import type { LockAnswer } from '../../../src/ports/locks.ts'
import type { Reply } from '../../../src/ports/messages.ts'
import { type Faults, NO_FAULTS } from '../../../sim/faults/faults.ts'
import { runSeed, type SeedRun, type Spoil } from '../../../sim/swarm/run-seed.ts'
import { WRITERS } from '../../../sim/swarm/writing/writers.ts'
import type { NodeInside } from '../../../sim/world.ts'

/** One node in three has the source, and pages are checked every 5 seconds. */
const SEED = 17
const NODES = 8

type Ports = NodeInside['ports']
type Caught = Partial<Omit<SeedRun, 'faults'>> & {
  readonly by: string
  readonly faults?: Partial<Faults>
}

async function catches(t: ExecutionContext, { by, faults, ...run }: Caught): Promise<void> {
  const all = { ...NO_FAULTS, forMs: 5_000, ...faults }
  const what = { seed: SEED, nodes: NODES, workload: WRITERS, ...run, faults: all }
  const { violations } = await runSeed(what)
  const names = new Set(violations.map(({ checker }) => checker))
  t.true(names.has(by), `caught by ${[...names].join(', ') || 'nobody'}`)
}

const withPorts = (change: (ports: Ports) => Partial<Ports>): Spoil => ({
  inside: ({ ports, init }) => ({ init, ports: { ...ports, ...change(ports) } }),
})

const withReplies = ({ network }: Ports, change: (reply: Reply) => Reply): Ports['network'] => ({
  ...network,
  request: async (to, request, options) => change(await network.request(to, request, options)),
})

const deaf = ({ rumors }: Ports): Ports['rumors'] => ({
  ...rumors,
  subscribe: () => rumors.subscribe(() => {}),
})

test('own-writes: who is not told what its own change has made', (t) => {
  const untold = (reply: Reply): Reply => {
    const { type } = reply
    if (type !== 'made' || reply.made.count === undefined) return reply
    return { ...reply, made: { ...reply.made, news: [] } }
  }
  const spoil = withPorts((ports) => ({
    rumors: deaf(ports),
    network: withReplies(ports, untold),
  }))
  return catches(t, { by: 'own-writes', spoil })
})

test('linearizable: gossip, which is not, where rumors are slow', (t) =>
  catches(t, { by: 'linearizable', isLinearizable: true, faults: { rumorLate: 1 } }))

test('locked-reads: a lock that does not say what was written under it', (t) => {
  const silent = (answer: LockAnswer): LockAnswer =>
    answer.type === 'lease' ? { ...answer, told: 0, heads: [], since: 0 } : answer
  const untold = (reply: Reply): Reply =>
    reply.type === 'lock' ? { type: 'lock', answer: silent(reply.answer) } : reply
  const spoil = withPorts((ports) => ({ rumors: deaf(ports), network: withReplies(ports, untold) }))
  return catches(t, { by: 'locked-reads', spoil })
})

test('agreement: who hears nothing, and by whose clock no time passes', (t) => {
  const spoil = withPorts((ports) => {
    const { clock } = ports
    const startMs = clock.now()
    const after: typeof clock.after = (ms, callback) => clock.after(ms, callback)
    return { rumors: deaf(ports), clock: { now: () => startMs, after } }
  })
  return catches(t, { by: 'agreement', spoil })
})
