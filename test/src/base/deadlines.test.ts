import test from 'ava'
import { Deadlines, NOWHERE, type Waiting } from '../../../src/base/deadlines.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

/** Who waits and notes when it was called, in milliseconds since the start. */
class Sleeper implements Waiting {
  place = NOWHERE
  readonly calledMs: number[] = []
  readonly #clock: VirtualClock
  readonly #then: () => void

  constructor(clock: VirtualClock, then: () => void = () => {}) {
    this.#clock = clock
    this.#then = then
  }

  due(): void {
    this.calledMs.push(this.#clock.elapsedMs)
    this.#then()
  }
}

test('each is called once, at its own time, in whatever order they were set', async (t) => {
  const clock = new VirtualClock()
  const deadlines = new Deadlines(clock)
  const delays = [30, 10, 20, 10, 40]
  const sleepers = delays.map((delayMs) => {
    const sleeper = new Sleeper(clock)
    deadlines.set(sleeper, delayMs)
    return sleeper
  })
  await clock.run(100)
  t.deepEqual(
    sleepers.map(({ calledMs }) => calledMs),
    delays.map((delayMs) => [delayMs]),
  )
  t.is(deadlines.size, 0)
  t.is(clock.pending, 0)
})

test('who gave up is not called, and costs the clock nothing', async (t) => {
  const clock = new VirtualClock()
  const deadlines = new Deadlines(clock)
  const waits = new Sleeper(clock)
  deadlines.set(waits, 100)
  for (let i = 0; i < 1_000; i++) {
    const quick = new Sleeper(clock, () => t.fail('it had given up'))
    deadlines.set(quick, 50 + (i % 50))
    deadlines.drop(quick)
    deadlines.drop(quick)
  }
  t.is(deadlines.size, 1)
  await clock.run(200)
  t.deepEqual(waits.calledMs, [100])
  t.true(clock.ran < 5, `${clock.ran} events for one that came`)
})

test('who is called may set itself anew, and give others up', async (t) => {
  const clock = new VirtualClock()
  const deadlines = new Deadlines(clock)
  const other = new Sleeper(clock)
  const again: Sleeper = new Sleeper(clock, () => {
    deadlines.drop(other)
    if (again.calledMs.length < 3) deadlines.set(again, 10)
  })
  deadlines.set(again, 10)
  deadlines.set(other, 10)
  await clock.run(100)
  t.deepEqual(again.calledMs, [10, 20, 30])
  t.deepEqual(other.calledMs, [])
})

test('after the end a timer stays only as long as somebody waits', async (t) => {
  const clock = new VirtualClock()
  const deadlines = new Deadlines(clock)
  const waits = new Sleeper(clock)
  deadlines.set(waits, 50)
  deadlines.stop()
  t.is(clock.pending, 1)
  deadlines.drop(waits)
  t.is(clock.pending, 0)
})
