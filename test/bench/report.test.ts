import test from 'ava'
import { median, summarize, tableOf } from './report.ts'

test('a median of an even number of figures lies between the middle two', (t) => {
  t.is(median([9, 1, 5]), 5)
  t.is(median([9, 1, 5, 6]), 5.5)
})

test('a ratio is the median of the ratios of repeats, not the ratio of medians', (t) => {
  const samples = [
    { ours: 10, against: 10, ratio: 1 },
    { ours: 30, against: 10, ratio: 3 },
    { ours: 20, against: 40, ratio: 0.5 },
  ]
  const summary = summarize({ case: 'a', what: 'stat', unit: '/s', samples })
  t.like(summary, { ours: 20, against: 10, ratio: 1, leastRatio: 0.5, mostRatio: 3 })
  t.regex(tableOf([summary]), /\(a\) stat +\/s +20\.0 +10\.0 +1\.00 +0\.500-3\.00/)
})

test('what is held against nothing has no ratio', (t) => {
  const summary = summarize({ case: 'e', what: 'start', unit: 's', samples: [{ ours: 3 }] })
  t.is(summary.ratio, undefined)
  t.regex(tableOf([summary]), /\(e\) start +s +3\.00\n/)
})
