// `--coherence strict`: all nodes together are as one, whatever happens to them; a few small seeds, and for
// each rule that must not be broken one that breaks it. `potluck sim swarm --workload writers --coherence
// strict` runs more.
import test from 'ava'
import { parseFaults } from '../../../sim/faults/parse-faults.ts'
import { runSeed } from '../../../sim/swarm/run-seed.ts'
import { WRITERS } from '../../../sim/swarm/writing/writers.ts'
import type { NodeInside } from '../../../sim/world.ts'
import type { LeaseAnswer, LeaseQuestion } from '../../../src/ports/leases/lease-messages.ts'
import type { Network } from '../../../src/ports/network.ts'

/** Short, so that much of it runs out while faults go on. */
const LEASE_MS = 1_000
const LOST_RUMORS = 'none,for=10s,rumor-loss=20%,rumor-late=30%'
const CUTS = 'none,for=40s,partition=10,longest=8s'

type Answering = (question: LeaseQuestion, ask: () => Promise<LeaseAnswer>) => Promise<LeaseAnswer>

/** The same network, where questions about leases are answered otherwise. */
function withAnswers(network: Network, answering: Answering): Network {
  return {
    handle: (handler) => network.handle(handler),
    queuedBytes: () => network.queuedBytes(),
    request: async (to, request, options) => {
      if (request.type !== 'lease') return network.request(to, request, options)
      const answer = await answering(request.question, async () => {
        const reply = await network.request(to, request, options)
        return reply.type === 'lease' ? reply.answer : { type: 'refused', why: 'later' }
      })
      return { type: 'lease', answer }
    },
  }
}

async function runStrict(
  seed: number,
  nodes: number,
  { faults, answering }: { readonly faults: string; readonly answering?: Answering },
) {
  const inside = ({ ports, init }: NodeInside): NodeInside => {
    const volumes = init.volumes.map((volume) => ({ ...volume, leaseMs: LEASE_MS }))
    const network = answering === undefined ? ports.network : withAnswers(ports.network, answering)
    return { ports: { ...ports, network }, init: { ...init, volumes } }
  }
  const { violations, tally } = await runSeed({
    seed,
    nodes,
    faults: parseFaults(faults),
    workload: WRITERS,
    coherence: 'strict',
    isLinearizable: true,
    spoil: { inside },
  })
  return { violations: violations.map(({ checker, what }) => `${checker}: ${what}`), tally }
}

for (const [seed, nodes, faults] of [
  [1, 12, 'many,for=20s'],
  [7, 12, 'many,for=20s'],
  [2, 8, LOST_RUMORS],
  [3, 6, CUTS],
] as const) {
  test(`seed ${seed}, ${faults}: nobody sees what was before`, async (t) => {
    const { violations, tally } = await runStrict(seed, nodes, { faults })
    t.deepEqual(violations, [])
    t.true(tally.changes > 30, `${tally.changes} changes`)
    t.log(`${tally.reads} reads, ${tally.changes} changes, slowest ${tally.slowestMs | 0} ms`)
  })
}

test('caught: a writer that does not wait until others have given back', async (t) => {
  const answering: Answering = (question, ask) =>
    question.step === 'recall' ? Promise.resolve({ type: 'given' }) : ask()
  // Not each world has a reader at the moment; of twelve, nine have.
  const found: string[] = []
  for (const seed of [5, 6, 8]) {
    found.push(...(await runStrict(seed, 8, { faults: LOST_RUMORS, answering })).violations)
  }
  t.true(found.some((what) => what.startsWith('linearizable: ')))
})

test('caught: a lease that is used past its end', async (t) => {
  const answering: Answering = async (_, ask) => {
    const answer = await ask()
    return answer.type === 'leased' ? { ...answer, forMs: 60_000 } : answer
  }
  const { violations } = await runStrict(3, 6, { faults: CUTS, answering })
  t.true(violations.some((what) => what.startsWith('linearizable: ')))
})

test('caught: nobody leases anything any more, so nothing can be read or listed', async (t) => {
  const answering: Answering = () => Promise.resolve({ type: 'refused', why: 'later' })
  const { violations } = await runStrict(4, 3, { faults: 'none,for=1s', answering })
  t.true(violations.some((what) => /^answers-soon: .*: d0 can't be listed/.test(what)))
})
