// Dirty ranges against an array of bytes: whatever is written in whatever order, what is there is what
// was written last, byte by byte, and nothing of it is lost or kept by a partial clean.
import test from 'ava'
import fc from 'fast-check'
import { DirtyRanges, EXTENT_OVERHEAD, piecesOf } from '../../../../src/file/dirty/ranges.ts'
import { overlay } from '../../../../src/file/dirty/dirty-file.ts'

const SIZE = 64
const WRITERS = [
  { uid: 0, gid: 0 },
  { uid: 1, gid: 1 },
] as const

const write = fc.record({
  type: fc.constant('write' as const),
  from: fc.nat(SIZE - 1),
  length: fc.integer({ min: 1, max: 24 }),
  writer: fc.nat(1),
})
const step = fc.oneof(
  { weight: 5, arbitrary: write },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('seal' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('flush' as const) }) },
)

type Model = { readonly byte: number; readonly sequence: number; readonly writer: number }

test('what is dirty is what was written last, whatever was flushed between', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const ranges = new DirtyRanges()
      const model = new Map<number, Model>()
      const source = new Uint8Array(SIZE + 24)
      let sequence = 0
      for (const one of steps) {
        if (one.type === 'write') {
          sequence += 1
          const bytes = new Uint8Array(one.length).fill(sequence)
          const writer = WRITERS[one.writer] ?? WRITERS[0]
          ranges.put({ from: one.from, bytes, sequence, writer })
          for (let at = one.from; at < one.from + one.length; at++) {
            model.set(at, { byte: sequence, sequence, writer: one.writer })
          }
        } else {
          const extents = ranges.seal()
          if (one.type === 'seal') continue
          for (const piece of piecesOf(extents, 16)) {
            t.true(piece.bytes.length <= 24)
            source.set(piece.bytes, piece.from)
          }
          for (const [at, { byte }] of model) t.is(source[at], byte)
          ranges.clean(sequence)
          model.clear()
        }
        const shown = new Uint8Array(SIZE + 24)
        let bytes = 0
        let last = -1
        for (const extent of ranges.within(0, Infinity)) {
          t.true(extent.from > last || last < 0, 'extents overlap, or are out of order')
          last = extent.from + extent.bytes.length - 1
          shown.set(extent.bytes, extent.from)
          bytes += extent.bytes.length
          for (let i = 0; i < extent.bytes.length; i++) {
            const at = model.get(extent.from + i)
            t.deepEqual(extent.writer, WRITERS[at?.writer ?? 0])
            t.true((at?.sequence ?? Infinity) <= extent.sequence)
          }
        }
        t.is(bytes, model.size)
        t.is(ranges.bytes, model.size)
        for (const [at, { byte }] of model) t.is(shown[at], byte)
      }
    }),
    { numRuns: 300, seed: 6 },
  )
})

test('what was written before a flush can be cleaned while more is written', (t) => {
  const ranges = new DirtyRanges()
  const [writer] = WRITERS
  ranges.put({ from: 0, bytes: Uint8Array.of(1, 1, 1, 1), sequence: 1, writer })
  const flushed = ranges.seal()
  ranges.put({ from: 4, bytes: Uint8Array.of(2), sequence: 2, writer })
  ranges.put({ from: 1, bytes: Uint8Array.of(3), sequence: 3, writer })
  t.deepEqual([...(flushed[0]?.bytes ?? [])], [1, 1, 1, 1])
  ranges.clean(1)
  const left = ranges.within(0, 10).map(({ from, bytes }) => [from, ...bytes])
  t.deepEqual(left, [
    [1, 3],
    [4, 2],
  ])
  t.is(ranges.end, 5)
})

test('lines of a log become one write, and little memory is kept for little', (t) => {
  const ranges = new DirtyRanges()
  const [writer] = WRITERS
  for (let i = 0; i < 1_000; i++) {
    ranges.put({ from: i * 10, bytes: new Uint8Array(10).fill(i), sequence: i + 1, writer })
  }
  t.is([...piecesOf(ranges.seal(), 1_000_000)].length, 1)
  t.true(ranges.cost <= 10_000 + 2 * EXTENT_OVERHEAD)
  const large = new DirtyRanges()
  large.put({ from: 0, bytes: new Uint8Array(1_000_000), sequence: 1, writer })
  large.put({ from: 1, bytes: new Uint8Array(999_999), sequence: 2, writer })
  const [first] = large.within(0, 1)
  t.true((first?.bytes.buffer.byteLength ?? Infinity) < 1_000, 'one byte keeps a megabyte')
})

test('a read shows what the source has, with what was written over it and behind its end', (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 20 }),
      fc.array(fc.record({ from: fc.nat(30), byte: fc.nat(255), length: fc.nat(8) })),
      fc.record({ from: fc.nat(30), length: fc.integer({ min: 1, max: 20 }) }),
      (source, writes, asked) => {
        const ranges = new DirtyRanges()
        const model = [...source]
        let sequence = 0
        for (const { from, byte, length } of writes) {
          const bytes = new Uint8Array(length).fill(byte)
          ranges.put({ from, bytes, sequence: ++sequence, writer: WRITERS[0] })
          for (let at = from; at < from + length; at++) model[at] = byte
        }
        const expected = Array.from(model, (byte) => byte ?? 0)
        const read = source.subarray(asked.from, asked.from + asked.length)
        const extents = ranges.within(asked.from, asked.from + asked.length)
        const shown = overlay(read, extents, { ...asked, end: ranges.end })
        t.deepEqual([...shown], expected.slice(asked.from, asked.from + asked.length))
      },
    ),
    { numRuns: 500, seed: 6 },
  )
})
