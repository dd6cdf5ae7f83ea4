import test from 'ava'
import { Held } from '../../../../src/lock/lease/held.ts'
import type { LeaseKind } from '../../../../src/ports/leases/lease-messages.ts'
import { VirtualClock } from '../../../../sim/engine/virtual-clock.ts'

function begin(kind: LeaseKind = 'sole') {
  const clock = new VirtualClock()
  const keeper = { peer: 'keeper', epoch: 1 }
  const term = { keeper, session: 1, untilMs: clock.now() + 1_000 }
  const place = { volume: 'v', inode: '7' }
  return { clock, term, held: new Held(clock, term, { place, kind, turn: 1, since: 0 }) }
}

test('it is good until its term ends, and not at that instant', async (t) => {
  const { clock, held } = begin()
  await clock.run(999)
  t.true(held.isGood && held.isSole)
  t.is(held.leftMs, 1)
  await clock.run(1)
  t.false(held.isGood || held.isSole)
  t.is(held.leftMs, 0)
})

test('a longer term makes it last longer, but not once another keeps the inode', async (t) => {
  const { clock, term, held } = begin()
  term.untilMs += 1_000
  await clock.run(1_500)
  t.true(held.isGood)
  held.freeze()
  term.untilMs += 10_000
  held.freeze()
  t.is(held.leftMs, 500)
  await clock.run(500)
  t.false(held.isGood)
})

test('what was ended is never good again', (t) => {
  const { term, held } = begin()
  held.end()
  term.untilMs += 10_000
  t.false(held.isGood || held.isSole)
})

test('what is asked back takes no new change, is read until it is given, and may be shared then', (t) => {
  const { held } = begin()
  held.close()
  t.deepEqual([held.isGood, held.isSole], [true, false])
  held.share()
  t.deepEqual([held.isGood, held.isSole, held.kind], [true, false, 'shared'])
})

test('it is given back when the last change under it is over', async (t) => {
  const { held } = begin()
  t.is(held.unpinned(), undefined)
  held.pin()
  held.pin()
  let isOver = false
  const over = held.unpinned()?.then(() => (isOver = true))
  held.unpin()
  await Promise.resolve()
  t.deepEqual([isOver, held.isPinned, held.hasChanged], [false, true, true])
  held.unpin()
  await over
  t.deepEqual([isOver, held.isPinned, held.unpinned()], [true, false, undefined])
})
