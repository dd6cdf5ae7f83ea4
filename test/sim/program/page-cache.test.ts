import test from 'ava'
import fc from 'fast-check'
import { cut, PageCache } from '../../../sim/program/page-cache.ts'

const SIZE = 40

test('a page cache misses just what was not added, and gives back the bytes that were', (t) => {
  const range = fc.tuple(fc.nat(SIZE), fc.nat(SIZE)).map(([a, b]) => ({
    from: Math.min(a, b),
    to: Math.max(a, b),
  }))
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), range, (added, asked) => {
      const cache = new PageCache({ keepsBytes: true })
      const here = new Set<number>()
      for (const { from, to } of added) {
        const bytes = Uint8Array.from({ length: to - from }, (_, i) => from + i)
        cache.add(3, { from, to }, [bytes.subarray(0, 1), bytes.subarray(1)])
        for (let at = from; at < to; at++) here.add(at)
      }
      const wanted = Array.from({ length: asked.to - asked.from }, (_, i) => asked.from + i)
      const first = wanted.find((at) => !here.has(at))
      const missing = cache.missing(3, asked)
      t.is(missing?.from, first)
      if (missing === undefined) {
        t.deepEqual(Buffer.concat(cache.bytes(3, asked)), Buffer.from(wanted))
      } else
        t.true(
          wanted.filter((at) => at < missing.to && at >= missing.from).every((at) => !here.has(at)),
        )
      t.deepEqual(cache.missing(4, { from: 0, to: 1 }), { from: 0, to: 1 })
    }),
  )
})

test('a cut takes a range out of slices without copying', (t) => {
  const bytes = Uint8Array.from({ length: 10 }, (_, i) => i)
  const slices = [bytes.subarray(0, 3), bytes.subarray(3, 7), bytes.subarray(7)]
  t.deepEqual(Buffer.concat(cut(slices, 2, 6)), Buffer.from([2, 3, 4, 5, 6, 7]))
  t.is(cut(slices, 2, 6)[0]?.buffer, bytes.buffer)
  t.deepEqual(cut(slices, 10, 5), [])
})
