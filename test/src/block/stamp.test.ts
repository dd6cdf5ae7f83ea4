import test from 'ava'
import fc from 'fast-check'
import { floorOf, HybridClock, msOf, SKEW_MS, stampAt, toldBy } from '../../../src/block/stamp.ts'

function clockAt(ms: number) {
  const clock = { ms, now: () => clock.ms, after: () => () => {} }
  return clock
}

test('a stamp and milliseconds are two forms of one time', (t) => {
  t.is(msOf(stampAt(1_700_000_000_000)), 1_700_000_000_000)
  t.is(msOf(stampAt(1_700_000_000_000.9)), 1_700_000_000_000)
  t.true(Number.isSafeInteger(stampAt(Date.UTC(2039, 0, 1))))
})

test('every tick is later than all before it, whatever the clock does', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5000, max: 5000 })), (steps) => {
      const clock = clockAt(1_700_000_000_000)
      const stamps = new HybridClock(clock)
      let before = stamps.tick()
      for (const step of steps) {
        clock.ms += step
        const now = stamps.tick()
        t.true(now > before)
        before = now
      }
    }),
  )
})

test('a tick is later than everything witnessed', (t) => {
  const clock = clockAt(1_700_000_000_000)
  const stamps = new HybridClock(clock)
  const heard = stampAt(clock.ms + 60_000)
  t.true(stamps.witness(heard))
  t.true(stamps.tick() > heard)
})

test('stamps that no honest clock gives are not believed, and change nothing', (t) => {
  const clock = clockAt(1_700_000_000_000)
  const stamps = new HybridClock(clock)
  for (const stamp of [-1, 0.5, NaN, Infinity, 2 ** 60, stampAt(clock.ms + 2 * 3_600_000)]) {
    t.false(stamps.witness(stamp), `${stamp}`)
  }
  t.is(stamps.tick(), stampAt(clock.ms))
})

test('what was read before a change is older than its floor, though clocks differ', (t) => {
  const skew = fc.integer({ min: 0, max: SKEW_MS - 1 })
  fc.assert(
    fc.property(skew, skew, fc.integer({ min: 0, max: 2_000 }), (home, teller, laterMs) => {
      const readMs = 1_700_000_000_000
      const reading = new HybridClock(clockAt(readMs + home)).reading(0)
      const told = new HybridClock(clockAt(readMs + laterMs + teller)).tick()
      t.true(reading < floorOf(told))
    }),
  )
})

test('what is read after a change is as new as its floor, and clocks learn nothing of the advance', (t) => {
  const [teller, home] = [1_700_000_000_400, 1_700_000_000_000].map(clockAt)
  const tellers = new HybridClock(teller!)
  const homes = new HybridClock(home!)
  for (let change = 0; change < 1_000; change++) {
    const floor = floorOf(tellers.tick())
    const reading = homes.reading(floor)
    t.true(reading >= floor)
    t.true(tellers.witnessReading(reading))
    teller!.ms += 1
    home!.ms += 1
  }
  t.true(msOf(tellers.tick()) < teller!.ms + 1)
  t.true(msOf(homes.tick()) < teller!.ms + 1)
})

test('a reading that has shown a change is itself new enough for it', (t) => {
  const reading = stampAt(1_700_000_000_000) + 7
  t.is(floorOf(toldBy(reading)), reading)
})
