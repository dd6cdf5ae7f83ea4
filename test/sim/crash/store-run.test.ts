import test from 'ava'
import { runStoreCrashes } from '../../../sim/crash/store-run.ts'

const SEEDS = 5

test('after every crash, swaps over shards are there wholly or not at all', async (t) => {
  let swaps = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { problems, ...run } = await runStoreCrashes(seed)
    t.deepEqual(problems, [], `seed ${seed}`)
    swaps += run.swaps
  }
  t.true(swaps > SEEDS * 10, `${swaps} swaps`)
})
