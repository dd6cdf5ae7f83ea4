import test from 'ava'
import { Counters } from '../../../src/base/counters.ts'
import { Prefetches } from '../../../src/heat/prefetches.ts'
import type { Want } from '../../../src/ports/messages.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

const want = (index: number): Want => ({
  volume: 'v',
  kind: 'data',
  inode: '1',
  path: 'f',
  index,
  splits: 0,
  version: 1,
  floor: 0,
  reach: 'climb',
})

function prefetchesOf(fetch: (index: number) => Promise<number>) {
  const clock = new VirtualClock()
  const counters = new Counters()
  const prefetches = new Prefetches({
    clock,
    counters,
    fetch: ({ index }) => fetch(index),
    isHere: ({ index }) => index >= 1_000,
  })
  return { clock, counters, prefetches }
}

test('what is read is used, whether it was here or on its way', async (t) => {
  const { prefetches, counters } = prefetchesOf(() => Promise.resolve(100))
  const bringing = prefetches.bring(want(0))
  prefetches.used(want(0))
  await bringing
  t.is(prefetches.unreadBytes, 0)
  await prefetches.bring(want(1))
  t.is(prefetches.unreadBytes, 100)
  prefetches.used(want(1))
  prefetches.used(want(1))
  t.is(prefetches.unreadBytes, 0)
  t.is(counters.get('prefetches_used_total'), 2)
  t.is(counters.get('prefetches_wasted_total'), 0)
})

test('what nobody reads in time was wasted', async (t) => {
  const { clock, prefetches, counters } = prefetchesOf(() => Promise.resolve(100))
  await prefetches.bring(want(0))
  await clock.run(60_001)
  await prefetches.bring(want(1))
  t.is(counters.get('prefetches_wasted_total'), 1)
  t.is(counters.get('prefetch_wasted_bytes_total'), 100)
  t.is(prefetches.unreadBytes, 100)
})

test('what is here is not fetched, and what fails is nobody elses business', async (t) => {
  const { prefetches, counters } = prefetchesOf(() => Promise.reject(new Error('no')))
  await prefetches.bring(want(1_000))
  await prefetches.bring(want(0))
  t.is(counters.get('prefetches_total'), 1)
  t.is(counters.get('prefetches_failed_total'), 1)
  t.is(prefetches.unreadBytes, 0)
})

test('read-ahead is declined while much is under way', async (t) => {
  const { prefetches, counters } = prefetchesOf(() => new Promise(() => {}))
  for (let i = 0; i < 300; i++) prefetches.offer(want(i))
  t.is(prefetches.underway, 256)
  t.is(counters.get('prefetches_total'), 256)
})
