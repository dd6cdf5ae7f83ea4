import test from 'ava'
import { sleep } from '../../../src/base/time.ts'
import { StallError, VirtualClock } from '../../../sim/engine/virtual-clock.ts'

test('what is due first runs first, and of one instant in the order it was asked for', async (t) => {
  const clock = new VirtualClock()
  const order: string[] = []
  for (const [name, delayMs] of [
    ['c', 5],
    ['a', 1],
    ['d', 5],
    ['b', 1],
  ] as const) {
    clock.after(delayMs, () => order.push(`${name} at ${clock.elapsedMs}`))
  }
  await clock.run(10)
  t.deepEqual(order, ['a at 1', 'b at 1', 'c at 5', 'd at 5'])
  t.is(clock.elapsedMs, 10)
})

test('a callback never runs at once, not even without a delay', async (t) => {
  const clock = new VirtualClock()
  let hasRun = false
  clock.after(0, () => (hasRun = true))
  t.false(hasRun)
  await clock.run(0)
  t.true(hasRun)
  t.is(clock.elapsedMs, 0)
})

test('promises cost no virtual time, however deep', async (t) => {
  const clock = new VirtualClock()
  const dive = async (depth: number): Promise<void> => {
    await Promise.resolve()
    if (depth > 0) await dive(depth - 1)
  }
  const log: number[] = []
  clock.after(1, () => void dive(1_000).then(() => log.push(clock.elapsedMs)))
  clock.after(1.001, () => log.push(clock.elapsedMs))
  await clock.run(2)
  t.deepEqual(log, [1, 1.001])
})

test('sleeping takes exactly its time, and nothing else does', async (t) => {
  const clock = new VirtualClock()
  const ends = await clock.runUntil(
    (async () => {
      await sleep(clock, 250)
      const half = clock.elapsedMs
      await sleep(clock, 250)
      return [half, clock.elapsedMs]
    })(),
  )
  t.deepEqual(ends, [250, 500])
})

test('cancelled callbacks do not run, and leave the heap', async (t) => {
  const clock = new VirtualClock()
  let ran = 0
  const cancels = Array.from({ length: 5_000 }, (_, i) => clock.after(i, () => (ran += 1)))
  for (const [i, cancel] of cancels.entries()) if (i % 5 > 0) cancel()
  t.is(clock.pending, 1_000)
  cancels[1]?.()
  await clock.run(10_000)
  t.is(ran, 1_000)
  t.is(clock.pending, 0)
})

test('waiting for what can not happen is an error that says so', async (t) => {
  const clock = new VirtualClock()
  const never = new Promise<void>(() => {})
  const error = await t.throwsAsync(clock.runUntil(never), { instanceOf: StallError })
  t.regex(error?.message ?? '', /nothing is due/)
})

test('waiting longer than allowed is an error too, where timers go on for ever', async (t) => {
  const clock = new VirtualClock()
  const tick = (): void => void clock.after(1, tick)
  tick()
  const never = new Promise<void>(() => {})
  await t.throwsAsync(clock.runUntil(never, { withinMs: 50 }), { message: /within 50 ms/ })
  t.is(clock.elapsedMs, 50)
})

test('callbacks that wake each other without end are found out', async (t) => {
  const clock = new VirtualClock()
  const again = (): void => void clock.after(0, again)
  again()
  await t.throwsAsync(clock.run(1), { message: /time stands still/ })
})

test('what the promise rejects with comes out', async (t) => {
  const clock = new VirtualClock()
  const failing = sleep(clock, 3).then(() => Promise.reject(new RangeError('as it should')))
  await t.throwsAsync(clock.runUntil(failing), { message: 'as it should' })
})
