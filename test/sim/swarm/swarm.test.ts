// A few seeds of the swarm, small; `potluck sim swarm` runs hundreds of them at 64 nodes. Seeds that once
// broke a promise, at these sizes, stay here.
import test from 'ava'
import { PROFILES } from '../../../sim/faults/faults.ts'
import { runSeed } from '../../../sim/swarm/run-seed.ts'
import { parseSeeds } from '../../../sim/swarm/seeds.ts'

const SEEDS: readonly (readonly [seed: number, nodes: number])[] = [
  [1, 14],
  [3, 14],
  [6, 14],
  [9, 14],
  [25, 14],
  // A file is replaced while it is held open, and each read of it went to the source.
  [407, 24],
  // A dead peer was waited for as long as signs of life had once taken under faults.
  [39, 64],
  // What was found behind everybody's back counted as told.
  [41, 64],
  // A file was seen changed by its new name, and unchanged by its old one.
  [88, 64],
]

for (const [seed, nodes] of SEEDS) {
  test(`seed ${seed}: faults make it slow, never wrong`, async (t) => {
    const { violations, tally } = await runSeed({ seed, nodes, faults: PROFILES.many })
    t.deepEqual(violations, [])
    t.true(tally.reads > 200)
    t.log(`${tally.reads} reads, ${tally.failed} failed, slowest ${tally.slowestMs | 0} ms`)
  })
}

test('without faults no read fails, and the same seed gives the same run to the bit', async (t) => {
  const run = () => runSeed({ seed: 2, nodes: 8, faults: { ...PROFILES.none, forMs: 3_000 } })
  const [first, again] = [await run(), await run()]
  t.is(first.hash, again.hash)
  t.deepEqual([first.violations, first.tally.failed], [[], 0])
  t.true(first.tally.reads > 0)
})

test('seeds are single ones and ranges', (t) => {
  t.deepEqual(parseSeeds('1..3,7, 9..9'), [1, 2, 3, 7, 9])
  t.throws(() => parseSeeds('3..1'), { message: /'3..1' is no seed and no range/ })
  t.throws(() => parseSeeds('many'), { message: /write 7 or 1..200/ })
})
