import test from 'ava'
import { codeOf } from '../../../src/base/errors.ts'
import { sleep } from '../../../src/base/time.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

test('sleep takes as long as it was told', async (t) => {
  const clock = new VirtualClock()
  await clock.runUntil(sleep(clock, 250))
  t.is(clock.elapsedMs, 250)
})

test('an abort wakes the sleeper and leaves no timer behind', async (t) => {
  const clock = new VirtualClock()
  const controller = new AbortController()
  const asleep = sleep(clock, 1000, { signal: controller.signal }).catch(codeOf)
  controller.abort()
  t.is(await asleep, 'ABORTED')
  t.is(clock.pending, 0)
})

test('who is aborted already does not fall asleep', async (t) => {
  const clock = new VirtualClock()
  t.is(await sleep(clock, 1000, { signal: AbortSignal.abort() }).catch(codeOf), 'ABORTED')
  t.is(clock.pending, 0)
})
