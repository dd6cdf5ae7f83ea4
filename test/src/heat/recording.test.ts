import test from 'ava'
import fc from 'fast-check'
import { Recording } from '../../../src/heat/recording.ts'
import { MAX_RANGES } from '../../../src/heat/trace.ts'

const place = (path: string, inode = path) => ({ inode, path: () => path })

test('the first use of each path counts, in order', (t) => {
  const recording = new Recording(100)
  t.is(recording.looked(place('lib'), 'a.py', 101), 'lib/a.py')
  t.is(recording.looked(place('lib'), 'a.py', 102), undefined)
  t.is(recording.looked(place(''), 'bin', 103), 'bin')
  recording.listed(place('lib'), 104)
  t.is(recording.read(place('lib/a.py'), { from: 0, to: 10 }, 105), 'lib/a.py')
  t.is(recording.read(place('lib/a.py'), { from: 10, to: 20 }, 106), undefined)
  const { entries } = recording.trace('a', 'python3', 200)
  t.deepEqual(entries, [
    {
      path: 'lib/a.py',
      afterMs: 1,
      isListed: false,
      ranges: [{ from: 0, to: 4096 }],
      missed: 0,
    },
    { path: 'bin', afterMs: 3, isListed: false, ranges: [], missed: 0 },
    { path: 'lib', afterMs: 4, isListed: true, ranges: [], missed: 0 },
  ])
})

test('ranges are the pages that were read, in order and apart from each other', (t) => {
  const read = fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 30 }))
  fc.assert(
    fc.property(fc.array(read, { minLength: 1, maxLength: 60 }), (reads) => {
      const recording = new Recording(0)
      const pages = new Set<number>()
      for (const [from, length] of reads) {
        recording.read(place('f'), { from: from * 4096, to: (from + length) * 4096 }, 0)
        for (let page = from; page < from + length; page++) pages.add(page)
      }
      const ranges = recording.trace('a', '', 0).entries[0]?.ranges ?? []
      const found = ranges.flatMap(({ from, to }) =>
        Array.from({ length: (to - from) / 4096 }, (_, i) => from / 4096 + i),
      )
      t.deepEqual(
        found,
        [...pages].toSorted((a, b) => a - b),
      )
      for (const [i, { from }] of ranges.entries()) t.true(i === 0 || ranges[i - 1]!.to < from)
    }),
  )
})

test('a file read in too many places is taken for one read in fewer', (t) => {
  const recording = new Recording(0)
  for (let i = 0; i < 2 * MAX_RANGES; i++) {
    recording.read(place('f'), { from: i * 65_536, to: i * 65_536 + 4096 }, 0)
  }
  const ranges = recording.trace('a', '', 0).entries[0]?.ranges ?? []
  t.is(ranges.length, MAX_RANGES)
  t.is(ranges.at(-1)?.to, (2 * MAX_RANGES - 1) * 65_536 + 4096)
})

test('a recording is full at some point, and stays right', (t) => {
  const recording = new Recording(0)
  for (let i = 0; i < 70_000; i++) recording.looked(place(''), `f${i}`, i)
  t.true(recording.isFull)
  t.is(recording.size, 65_536)
})
