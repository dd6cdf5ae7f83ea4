import test from 'ava'
import { BOUNDS, Histogram } from '../../../src/base/histogram.ts'

test('each time counts at the first bound it does not exceed, or behind the last one', (t) => {
  const histogram = new Histogram()
  for (const seconds of [0, 0.0001, 0.00011, 30, 31]) histogram.add(seconds)
  const places = histogram.counts.flatMap((count, place) => (count > 0 ? [[place, count]] : []))
  t.deepEqual(places, [
    [0, 2],
    [1, 1],
    [BOUNDS.length - 1, 1],
    [BOUNDS.length, 1],
  ])
  t.is(histogram.count, 5)
  t.true(Math.abs(histogram.sumSeconds - 61.00021) < 1e-9)
})

test('a snapshot stays as it was', (t) => {
  const histogram = new Histogram()
  const before = histogram.snapshot()
  histogram.add(1)
  t.is(before.count, 0)
  t.true(before.counts.every((count) => count === 0))
  t.is(histogram.snapshot().count, 1)
})
