import test from 'ava'
import { floorOf, HybridClock, stampAt } from '../../../../src/block/stamp.ts'
import type { Inode } from '../../../../src/ports/messages.ts'
import { EVERYTHING, Floors } from '../../../../src/rumor/floors.ts'
import { Doubts } from '../../../../src/tree/news/doubts.ts'
import { outdoneBy } from '../../../../src/tree/news/told-names.ts'
import { VirtualClock } from '../../../../sim/engine/virtual-clock.ts'

function begin() {
  const clock = new VirtualClock()
  const floors = new Floors()
  const settled: Inode[] = []
  const onSettled = (one: Inode) => void settled.push(one)
  const stamps = new HybridClock(clock)
  const doubts = new Doubts({ volume: 'v', clock, stamps, floors, onSettled })
  return { clock, floors, settled, stamps, doubts }
}

test('no page is asked for too far ahead of its time, and in the end one that outdoes all', async (t) => {
  const { clock, floors, settled, stamps, doubts } = begin()
  const outdone = outdoneBy(floorOf(stamps.tick()))
  const now = doubts.add('7', outdone)
  t.true(now < outdone)
  t.true(now <= floorOf(stamps.tick()))
  t.is(floors.floor('v', '7'), now)
  await clock.run(499)
  t.deepEqual(settled, [])
  await clock.run(3)
  t.deepEqual(settled, ['7'])
  t.is(floors.floor('v', '7'), outdone)
  t.is(doubts.size, 0)
})

test('what was told long ago is settled at once', (t) => {
  const { clock, doubts } = begin()
  const outdone = stampAt(clock.now() - 1)
  t.is(doubts.add('7', outdone), outdone)
  t.is(doubts.size, 0)
})

test('too many directories in doubt put the whole volume in doubt', async (t) => {
  const { clock, floors, settled, stamps, doubts } = begin()
  for (let i = 0; i <= 1_024; i++) doubts.add(`${i}`, outdoneBy(floorOf(stamps.tick())))
  t.is(doubts.size, 1)
  await clock.run(600)
  t.is(settled.at(-1), EVERYTHING)
  t.true(floors.floor('v', 'any') > 0)
})

test('nothing is left to come once it is stopped', async (t) => {
  const { clock, settled, stamps, doubts } = begin()
  doubts.add('7', outdoneBy(floorOf(stamps.tick())))
  doubts.stop()
  await clock.run(2_000)
  t.deepEqual(settled, [])
})
