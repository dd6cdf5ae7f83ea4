import test from 'ava'
import fc from 'fast-check'
import { MovingPercentile } from '../../../src/base/percentile.ts'

test('without samples there is no percentile', (t) => {
  t.is(new MovingPercentile().quantile(0.5), undefined)
})

test('too few samples give none either', (t) => {
  const percentile = new MovingPercentile(16)
  for (let i = 0; i < 7; i++) percentile.add(i)
  t.is(percentile.quantile(0.5, 8), undefined)
  percentile.add(7)
  t.is(percentile.quantile(0.5, 8), 4)
})

test('the quantiles of 0 to 99 are what they are called', (t) => {
  const percentile = new MovingPercentile(128)
  for (let i = 0; i < 100; i++) percentile.add((i * 37) % 100)
  const check = (share: number, expected: number) => t.is(percentile.quantile(share), expected)
  check(0, 0)
  check(0.5, 50)
  check(0.95, 95)
  check(1, 99)
})

test('old samples leave: what was slow once is forgotten', (t) => {
  const percentile = new MovingPercentile(64)
  for (let i = 0; i < 64; i++) percentile.add(1000)
  for (let i = 0; i < 64; i++) percentile.add(1)
  t.is(percentile.quantile(1), 1)
})

test('an answer lies between the smallest and the largest of what was ever added', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (samples, share) => {
        const percentile = new MovingPercentile(32)
        for (const sample of samples) percentile.add(sample)
        const answer = percentile.quantile(share) as number
        t.true(answer >= Math.min(...samples) && answer <= Math.max(...samples))
      },
    ),
  )
})
