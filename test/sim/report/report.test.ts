import test from 'ava'
import { broadcastBoundMs } from '../../../sim/bounds/broadcast-bound.ts'
import { labelOf, parseReport, ratioOf } from '../../../sim/report/entry.ts'
import { figuresOf } from '../../../sim/report/figures.ts'
import { finishedBy, overNodes } from '../../../sim/report/lines.ts'
import { HEAD, rowsOf } from '../../../sim/report/rows.ts'
import { makeEntry } from './entries.ts'

test('a broadcast is measured against T* at its own settings', (t) => {
  const shape = { bytes: 64 * 2 ** 20, nodes: 3, upBytesPerMs: 1.25e6, blockBytes: 2 ** 20 }
  const { bound } = makeEntry()
  t.is(bound?.ms, broadcastBoundMs(shape))
  t.is(ratioOf(makeEntry()), 3_000 / broadcastBoundMs(shape))
  const settings = ['broadcast.bytes=64MiB', 'network.upBytesPerMs=1000']
  t.is(makeEntry({ settings }).bound?.ms, broadcastBoundMs({ ...shape, upBytesPerMs: 1_000 }))
  t.is(makeEntry({ workload: 'replay' }).bound, undefined)
  t.is(ratioOf(makeEntry({ workload: 'replay' })), undefined)
})

test('a label says what differs, and nothing that does not', (t) => {
  const common = 'broadcast.bytes=64MiB'
  const one = makeEntry({ settings: [common, 'node.prefixBits=1'] })
  const two = makeEntry({ settings: [common, 'node.prefixBits=2'], faults: 'some' })
  t.is(labelOf(one, [one]), 'mesh')
  t.is(labelOf(one, [one, two]), 'mesh node.prefixBits=1 none')
  t.is(labelOf(two, [one, two]), 'mesh node.prefixBits=2 some')
})

test('rows have the table’s columns, sorted by nodes, beside the direct run of the same seed', (t) => {
  const entries = [
    makeEntry({ nodes: 32 }),
    makeEntry({ nodes: 2 }),
    makeEntry({ nodes: 32, way: 'direct', finishes: [6_000] }),
    makeEntry({ nodes: 32, way: 'direct', seed: '2', finishes: [9_000] }),
  ]
  const rows = rowsOf(entries)
  t.true(rows.every((row) => row.length === HEAD.length))
  t.deepEqual(
    rows.map((row) => [row[0], row[1], row[HEAD.indexOf('last ÷ direct')]]),
    [
      ['mesh', '2', '–'],
      ['mesh', '32', '0.50'],
      ['direct', '32', '1.00'],
      ['direct', '32', '1.00'],
    ],
  )
  t.is(rows[0]?.[HEAD.indexOf('messages/node')], '1,234')
})

test('several seeds of one size give the worst of them', (t) => {
  const entries = [
    makeEntry({ nodes: 8, finishes: [1] }),
    makeEntry({ nodes: 8, seed: '2', finishes: [5] }),
    makeEntry({ nodes: 4, finishes: [3] }),
  ]
  const lines = overNodes(entries, ({ result }) => result.finishMs.last)
  t.deepEqual(lines, [
    {
      name: 'mesh',
      points: [
        [4, 3],
        [8, 5],
      ],
    },
  ])
})

test('nodes that never finished keep the curve below one', (t) => {
  const { result } = makeEntry({ finishes: [2_000, null, 1_000, null] })
  t.deepEqual(finishedBy(result), [
    [1, 0.25],
    [2, 0.5],
  ])
  const many = Array.from({ length: 10_000 }, (_, i) => i)
  const points = finishedBy(makeEntry({ finishes: many }).result)
  t.true(points.length <= 258)
  t.deepEqual(points.at(-1), [9.999, 1])
})

test('a parameter that was varied has a curve of its own, apart for all else that differs', (t) => {
  const at = (bits: number, nodes: number, last: number) =>
    makeEntry({ nodes, settings: [`node.prefixBits=${bits}`], finishes: [last] })
  const figures = figuresOf([at(2, 64, 2_000), at(1, 64, 3_000), at(1, 8, 1_000), at(2, 8, 1_500)])
  const curve = figures.find(({ title }) => title.includes('node.prefixBits'))
  t.deepEqual(curve?.lines, [
    {
      name: 'mesh on 64',
      points: [
        [1, 3],
        [2, 2],
      ],
    },
    {
      name: 'mesh on 8',
      points: [
        [1, 1],
        [2, 1.5],
      ],
    },
  ])
})

test('a report is read back, and what is none is refused', (t) => {
  const report = { version: 1, entries: [makeEntry()] } as const
  t.deepEqual(parseReport(JSON.stringify(report)), report)
  t.throws(() => parseReport('{"version":2,"entries":[]}'), { instanceOf: RangeError })
  t.throws(() => parseReport('[]'), { instanceOf: RangeError })
})
