// A few seeds of a swarm that writes, small; `potluck sim swarm --workload writers` runs hundreds at 64 nodes.
// Seeds that once broke a promise, at these sizes, stay here.
import test from 'ava'
import { PROFILES } from '../../../sim/faults/faults.ts'
import { runSeed } from '../../../sim/swarm/run-seed.ts'
import { WRITERS } from '../../../sim/swarm/writing/writers.ts'

const SEEDS: readonly (readonly [seed: number, nodes: number])[] = [
  // Nodes that had no roll of lock keepers asked each other thousands of times a second.
  [2, 14],
  [3, 14],
  [7, 14],
]

for (const [seed, nodes] of SEEDS) {
  test(`seed ${seed}: writers under faults see their own changes, and all agree in the end`, async (t) => {
    const run = { seed, nodes, faults: PROFILES.many, workload: WRITERS }
    const { violations, tally } = await runSeed(run)
    t.deepEqual(violations, [])
    t.true(tally.changes > 80, `${tally.changes} changes`)
    t.true(tally.counts > 5, `${tally.counts} counts`)
    t.log(`${tally.reads} reads, ${tally.changes} changes, ${tally.counts} counts under locks`)
  })
}

test('without faults no change fails but for names that come and go, and a run is its seed', async (t) => {
  const faults = { ...PROFILES.none, forMs: 3_000 }
  const run = () => runSeed({ seed: 4, nodes: 8, faults, workload: WRITERS })
  const [first, again] = [await run(), await run()]
  t.is(first.hash, again.hash)
  t.deepEqual(first.violations, [])
  t.deepEqual([...first.tally.refusals.keys()].toSorted(), ['ENOENT'])
})
