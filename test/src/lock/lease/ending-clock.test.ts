import test from 'ava'
import { EndingClock } from '../../../../src/lock/lease/ending-clock.ts'
import { VirtualClock } from '../../../../sim/engine/virtual-clock.ts'

test('who waits when it ends goes on at once, and once; who has given up does not', async (t) => {
  const clock = new VirtualClock()
  const ending = new EndingClock(clock)
  const went: string[] = []
  ending.after(10, () => went.push('due'))
  ending.after(1_000, () => went.push('waiting'))
  ending.after(1_000, () => went.push('given up'))()
  await clock.run(10)
  t.deepEqual(went, ['due'])
  ending.end()
  t.deepEqual(went, ['due', 'waiting'])
  await clock.run(5_000)
  t.deepEqual(went, ['due', 'waiting'])
})

test('nothing is waited for after its end, but never before the caller goes on', async (t) => {
  const ending = new EndingClock(new VirtualClock())
  ending.end()
  const went: string[] = []
  ending.after(1_000, () => went.push('late'))
  const cancel = ending.after(1_000, () => went.push('given up'))
  t.deepEqual(went, [])
  cancel()
  await Promise.resolve()
  t.deepEqual(went, ['late'])
})
