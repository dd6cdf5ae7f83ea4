import test from 'ava'
import fc from 'fast-check'
import { Heap } from '../../../src/base/heap.ts'

const numbers = () => new Heap<number>((a, b) => a < b)

function drain(heap: Heap<number>): number[] {
  const drained: number[] = []
  for (let next = heap.pop(); next !== undefined; next = heap.pop()) drained.push(next)
  return drained
}

test('an empty heap gives undefined', (t) => {
  const heap = numbers()
  t.is(heap.peek(), undefined)
  t.is(heap.pop(), undefined)
  t.is(heap.size, 0)
})

test('elements come out in order, whatever order they went in', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (values) => {
      const heap = numbers()
      for (const value of values) heap.push(value)
      t.is(heap.size, values.length)
      t.deepEqual(
        drain(heap),
        values.toSorted((a, b) => a - b),
      )
    }),
  )
})

test('what keepOnly leaves is still a heap', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (values) => {
      const heap = numbers()
      for (const value of values) heap.push(value)
      heap.keepOnly((value) => value % 3 === 0)
      const kept = values.filter((value) => value % 3 === 0)
      t.deepEqual(
        drain(heap),
        kept.toSorted((a, b) => a - b),
      )
    }),
  )
})
