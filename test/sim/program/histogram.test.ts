import test from 'ava'
import { Histogram } from '../../../sim/program/histogram.ts'

test('quantiles are right to a few percent over nine decades', (t) => {
  const histogram = new Histogram()
  const values = Array.from({ length: 9_000 }, (_, i) => 10 ** (i / 1_000 - 3))
  for (const value of values.toReversed()) histogram.add(value)
  for (const share of [0.01, 0.5, 0.9, 0.99]) {
    const exact = values[Math.ceil(share * values.length) - 1] as number
    t.true(Math.abs(histogram.quantile(share) / exact - 1) < 0.05, String(share))
  }
  const { count, max, mean } = histogram.summary()
  t.is(count, 9_000)
  t.is(max, values.at(-1) ?? 0)
  t.true(mean > 0 && mean < max)
})

test('nothing has no quantiles, and what took no time took none', (t) => {
  const histogram = new Histogram()
  t.is(histogram.summary().p99, 0)
  histogram.add(0)
  t.is(histogram.summary().max, 0)
  t.is(histogram.quantile(0.5), 0)
})
