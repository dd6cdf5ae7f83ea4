// What every Clock promises. `pass` lets the clock's time go by: waiting for the real one, driving
// the simulated one.
import test from 'ava'
import type { Clock } from '../../src/ports/clock.ts'

export type ClockUnderTest = {
  readonly clock: Clock
  /** Lets at least `ms` milliseconds of its time pass, with all that is due by then done. */
  readonly pass: (ms: number) => Promise<void>
}

export function testClock(name: string, make: () => ClockUnderTest): void {
  test(`${name}: now is in milliseconds since 1970 and does not go backwards`, async (t) => {
    const { clock, pass } = make()
    const first = clock.now()
    t.true(first > Date.UTC(2020, 0) && first < Date.UTC(2100, 0))
    const readings = Array.from({ length: 1_000 }, () => clock.now())
    await pass(2)
    readings.push(clock.now())
    t.deepEqual(
      readings,
      readings.toSorted((a, b) => a - b),
    )
    t.true((readings.at(-1) ?? 0) >= first + 2)
  })

  test(`${name}: after calls back once, not before its time`, async (t) => {
    const { clock, pass } = make()
    const began = clock.now()
    const calls: number[] = []
    clock.after(5, () => calls.push(clock.now() - began))
    t.deepEqual(calls, [])
    await pass(20)
    t.is(calls.length, 1)
    // Less the rounding of a double that holds milliseconds since 1970.
    t.true((calls[0] ?? 0) >= 5 - 0.001)
    await pass(20)
    t.is(calls.length, 1)
  })

  test(`${name}: after never calls back at once, even without a delay`, async (t) => {
    const { clock, pass } = make()
    let calls = 0
    clock.after(0, () => (calls += 1))
    clock.after(-1, () => (calls += 1))
    t.is(calls, 0)
    await pass(5)
    t.is(calls, 2)
  })

  test(`${name}: what was cancelled never calls back, and cancelling later does no harm`, async (t) => {
    const { clock, pass } = make()
    const calls: string[] = []
    const cancel = clock.after(5, () => calls.push('cancelled'))
    const cancelLate = clock.after(5, () => calls.push('kept'))
    cancel()
    cancel()
    await pass(20)
    cancelLate()
    t.deepEqual(calls, ['kept'])
  })

  test(`${name}: the earlier of two comes first, whichever was asked for first`, async (t) => {
    const { clock, pass } = make()
    const calls: string[] = []
    clock.after(30, () => calls.push('late'))
    clock.after(2, () => calls.push('early'))
    await pass(60)
    t.deepEqual(calls, ['early', 'late'])
  })

  test(`${name}: a delay of many years does not come at once`, async (t) => {
    const { clock, pass } = make()
    let calls = 0
    const cancel = clock.after(2 ** 40, () => (calls += 1))
    await pass(5)
    cancel()
    t.is(calls, 0)
  })
}
