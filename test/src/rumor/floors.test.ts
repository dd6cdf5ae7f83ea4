import test from 'ava'
import fc from 'fast-check'
import { EVERYTHING, Floors } from '../../../src/rumor/floors.ts'

test('nothing told, no floor', (t) => {
  t.is(new Floors().floor('v', '1'), 0)
})

test('a floor is the newest told of the inode, of everything, and of no other volume', (t) => {
  const told = fc.record({
    volume: fc.constantFrom('v', 'w'),
    inode: fc.constantFrom('1', '2', '3', EVERYTHING),
    stamp: fc.nat(100),
  })
  fc.assert(
    fc.property(fc.array(told), (all) => {
      const floors = new Floors()
      for (const [i, one] of all.entries()) {
        const floorOf = (volume: string, inode: string, upTo: number) =>
          Math.max(
            0,
            ...all
              .slice(0, upTo)
              .filter((other) => other.volume === volume)
              .filter((other) => other.inode === inode || other.inode === EVERYTHING)
              .map(({ stamp }) => stamp),
          )
        t.is(floors.raise(one), one.stamp > floorOf(one.volume, one.inode, i))
        for (const volume of ['v', 'w']) {
          for (const inode of ['1', '2', '3', '4']) {
            t.is(floors.floor(volume, inode), floorOf(volume, inode, i + 1))
          }
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('floors are bounded, and past the bound they never sink', (t) => {
  const floors = new Floors()
  const count = 250_000
  for (let i = 1; i <= count; i++) floors.raise({ volume: 'v', inode: String(i), stamp: i })
  for (let i = 1; i <= count; i += 997) t.true(floors.floor('v', String(i)) >= i)
  // One that was never told of has risen too, and with it all that were dropped.
  t.true(floors.floor('v', 'another') > 100_000)
})
