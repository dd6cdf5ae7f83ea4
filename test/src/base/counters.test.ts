import test from 'ava'
import { Counters } from '../../../src/base/counters.ts'

test('counts only grow, and are told by name', (t) => {
  const counters = new Counters()
  counters.add('wants_total')
  counters.add('bytes_total', 40)
  counters.add('bytes_total', 2)
  counters.raise('evictions_total', 9)
  counters.raise('evictions_total', 4)
  t.is(counters.get('nothing_total'), 0)
  t.deepEqual(Object.entries(counters.snapshot()), [
    ['bytes_total', 42],
    ['evictions_total', 9],
    ['wants_total', 1],
  ])
})
