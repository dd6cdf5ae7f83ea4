import test from 'ava'
import { floorOf, HybridClock, SKEW_MS, stampAt } from '../../../../src/block/stamp.ts'
import { Hearing, type HearingInit } from '../../../../src/lock/told/hearing.ts'
import { KnownChanges } from '../../../../src/lock/told/known-changes.ts'
import type { Invalidation } from '../../../../src/ports/messages.ts'
import { EVERYTHING } from '../../../../src/rumor/floors.ts'
import { VirtualClock } from '../../../../sim/engine/virtual-clock.ts'

const PLACE = { volume: 'v', inode: '7' }
const HEAD = { publisher: 'p', epoch: 1, number: 3 }
const NOTHING = { told: 0, heads: [], since: 0 }

function begin(hear: HearingInit['hear'] = () => Promise.resolve(true)) {
  const clock = new VirtualClock()
  const applied: Invalidation[] = []
  const stamps = new HybridClock(clock)
  const changes = new KnownChanges()
  const apply = (change: Invalidation) => void applied.push(change)
  return { clock, applied, stamps, hearing: new Hearing({ clock, stamps, changes, hear, apply }) }
}

test('the lock is had when all is heard, and nothing is dropped that need not be', async (t) => {
  const { clock, applied, hearing } = begin(
    () => new Promise((resolve) => void clock.after(300, () => resolve(true))),
  )
  hearing.heed(PLACE, { ...NOTHING, heads: [HEAD] })
  await clock.runUntil(hearing.heard(PLACE))
  t.is(clock.elapsedMs, 300)
  t.deepEqual(applied, [])
})

test('where it can’t be heard, all that may have been read before by any clock is dropped', async (t) => {
  for (const hear of [() => Promise.resolve(false), () => Promise.reject(new Error('gone'))]) {
    const { clock, applied, stamps, hearing } = begin(hear)
    const latest = floorOf(floorOf(stamps.tick()))
    hearing.heed(PLACE, { ...NOTHING, heads: [HEAD] })
    await clock.runUntil(hearing.heard(PLACE))
    const [dropped] = applied
    t.like(dropped, { volume: 'v', inode: EVERYTHING })
    t.true(floorOf(dropped?.stamp ?? 0) >= latest)
    t.true(
      floorOf(dropped?.stamp ?? 0) <= floorOf(stamps.tick()),
      'and no page of the future asked for',
    )
  }
})

test('a publisher that does not answer is not waited for for ever', async (t) => {
  const { clock, applied, hearing } = begin(() => new Promise(() => {}))
  hearing.heed(PLACE, { ...NOTHING, heads: [HEAD] })
  await clock.runUntil(hearing.heard(PLACE))
  t.is(applied.length, 1)
})

test('what happened long ago to another keeper costs no wait', async (t) => {
  const { clock, applied, hearing } = begin()
  const since = stampAt(clock.now() - SKEW_MS)
  hearing.heed(PLACE, { ...NOTHING, since })
  await clock.runUntil(hearing.heard(PLACE))
  t.is(clock.elapsedMs, 0)
  t.is(applied[0]?.stamp, floorOf(since))
})

test('a clock that is ahead by far more than clocks may be makes nobody wait for it', async (t) => {
  const { clock, applied, hearing } = begin()
  const since = stampAt(clock.now() + 1_800_000)
  hearing.heed(PLACE, { ...NOTHING, since })
  await clock.runUntil(hearing.heard(PLACE))
  t.is(clock.elapsedMs, 2 * SKEW_MS)
  t.is(applied[0]?.stamp, floorOf(since))
})
