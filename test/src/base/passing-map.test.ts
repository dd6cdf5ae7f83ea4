import test from 'ava'
import fc from 'fast-check'
import { PassingMap } from '../../../src/base/passing-map.ts'

type Value = { readonly number: number }

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
      t.deepEqual(new Map(passing), plain)
      t.deepEqual(new Set(passing.keys()), new Set(plain.keys()))
      t.deepEqual(new Set(passing.values()).size, plain.size)
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
  map.clear()
  t.is(map.size, 0)
  t.deepEqual([...map], [])
})
