import test from 'ava'
import fc from 'fast-check'
import { ReadAhead } from '../../../src/file/read-ahead.ts'

const init = { blockBytes: 100, windowBytes: 800, wholeFileBytes: 400 }
const SIZE = 10_000

/** Reads of [from, length] and what each asks ahead, as [from, to). */
function check(
  t: { deepEqual: (a: unknown, b: unknown) => unknown },
  size: number,
  reads: readonly (readonly [number, number, readonly [number, number] | undefined])[],
) {
  const readAhead = new ReadAhead(init)
  for (const [from, length, expected] of reads) {
    const { from: start, to } = readAhead.next({ from, length, size })
    t.deepEqual(start < to ? [start, to] : undefined, expected)
  }
}

test('a small file is asked for whole, once', (t) => {
  check(t, 350, [
    [0, 50, [0, 4]],
    [50, 50, undefined],
    [300, 50, undefined],
  ])
})

test('in a larger one the window opens with the second read in a row, and doubles', (t) => {
  check(t, SIZE, [
    [0, 100, undefined],
    [100, 100, [2, 4]],
    [200, 100, [4, 7]],
    [300, 100, [7, 12]],
    [400, 100, [12, 13]],
  ])
})

test('a jump closes it', (t) => {
  check(t, SIZE, [
    [0, 100, undefined],
    [100, 100, [2, 4]],
    [5000, 100, undefined],
    [5100, 100, [52, 54]],
    [0, 100, undefined],
  ])
})

test('reads at random ask for nothing', (t) => {
  check(t, SIZE, [
    [4000, 100, undefined],
    [800, 100, undefined],
    [9000, 100, undefined],
    [2000, 100, undefined],
  ])
})

test('a little out of order, as the kernel reads ahead, is still in a row', (t) => {
  const readAhead = new ReadAhead(init)
  let asked = 0
  for (const block of [0, 1, 3, 2, 4, 5, 7, 6]) {
    const { from, to } = readAhead.next({ from: block * 100, length: 100, size: SIZE })
    asked += to - from
  }
  t.true(asked >= 8)
})

test('nothing behind the end is asked for, nothing twice in a row, and no more than the window', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 60 }),
      (size, lengths) => {
        const readAhead = new ReadAhead(init)
        const asked = new Set<number>()
        let from = 0
        for (const length of lengths) {
          if (from >= size) break
          const ahead = readAhead.next({ from, length, size })
          from = Math.min(size, from + length)
          for (let block = ahead.from; block < ahead.to; block++) {
            t.true(block * init.blockBytes < size)
            t.false(asked.has(block))
            asked.add(block)
          }
          if (size > init.wholeFileBytes && ahead.to > 0) {
            const reader = Math.floor((from - 1) / init.blockBytes)
            t.true(ahead.to - reader - 1 <= init.windowBytes / init.blockBytes)
          }
        }
      },
    ),
  )
})
