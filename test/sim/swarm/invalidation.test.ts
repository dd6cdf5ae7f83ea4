import test from 'ava'
import { measureInvalidation } from '../../../sim/swarm/invalidation.ts'

test('every node acts on every invalidation, though rumors are lost, and reads nothing stale', async (t) => {
  const result = await measureInvalidation({ seed: 1, nodes: 24, rounds: 6, loss: 0.85 })
  t.deepEqual(result.violations, [])
  t.is(result.reads, 24 * 6)
  t.is(result.staleReads + result.failedReads + result.neverActed, 0)
  t.true(result.actedMs.max > 100, 'some had to be told again')
  t.is(result.perBlock, 1)
})
