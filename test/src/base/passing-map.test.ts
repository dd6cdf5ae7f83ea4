import test from 'ava'
import fc from 'fast-check'
import { PassingMap } from '../../../src/base/passing-map.ts'

type Value = { readonly number: number }

function byKey([a]: [number, Value], [b]: [number, Value]): number {
  return a - b
}

test('whatever comes and goes, it holds what a Map holds, in the order in which keys first came', (t) => {
  const step = fc.tuple(fc.nat(20), fc.boolean())
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const [passing, plain] = [new PassingMap<number, Value>(), new Map<number, Value>()]
      for (const [number, [key, isDeleted]] of steps.entries()) {
        if (isDeleted) t.is(passing.delete(key), plain.delete(key))
        else {
          passing.set(key, { number })
          plain.set(key, { number })
        }
        t.is(passing.size, plain.size)
        t.is(passing.has(key), plain.has(key))
        t.deepEqual(passing.get(key), plain.get(key))
      }
      // A key that comes again has its former place here, and the last one there.
      t.deepEqual([...passing].sort(byKey), [...plain].sort(byKey))
      t.deepEqual(
        [...passing.keys()],
        Array.from(passing, ([key]) => key),
      )
      t.deepEqual(
        [...passing.values()],
        Array.from(passing, ([, value]) => value),
      )
    }),
    { numRuns: 50 },
  )
})

test('what is there for long keeps its place while others pass', (t) => {
  const map = new PassingMap<string, Value>()
  map.set('first', { number: 1 })
  map.set('second', { number: 2 })
  for (let number = 0; number < 1_000; number++) {
    map.set(`passing ${number}`, { number })
    map.delete(`passing ${number}`)
  }
  t.deepEqual([...map.keys()], ['first', 'second'])
})
