import test from 'ava'
import { runHeat } from '../../sim/heat/heat-run.ts'

test('what is larger than a node and smaller than the mesh stays in it; what is hot is pinned', async (t) => {
  const result = await runHeat({ seed: 7, nodes: 16, draws: 128 })
  t.deepEqual(result.violations, [])
  t.is(result.failures, 0)
  t.is(result.firstPassReads, 1)
  t.true(
    result.laterReads <= 0.02,
    `${result.laterReads} source reads a block after the first pass`,
  )
  t.true(result.busiest <= 2, `the busiest node sends ${result.busiest} times the mean`)
  t.true(result.pinnedAfterMs <= 10_000, `pinned after ${result.pinnedAfterMs} ms`)
  t.true(result.copies >= 2)
  t.is(result.lostInScan, 0)
  t.is(result.hotSourceReads, result.hotBlocks)
  t.true(result.letGoAfterMs < 600_000)
})
