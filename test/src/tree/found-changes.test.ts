import test from 'ava'
import { stampAt } from '../../../src/block/stamp.ts'
import type { Invalidation, Want } from '../../../src/ports/messages.ts'
import { FoundChanges } from '../../../src/tree/found-changes.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

const BASE = stampAt(1_700_000_000_000)

const wantOf = (inode: string): Want => ({
  volume: 'v',
  kind: 'data',
  inode,
  index: 0,
  splits: 0,
  path: 'f',
  version: 1,
  floor: 0,
  reach: 'climb',
})

test('a file that was found to be another one is told of, at most once a second', async (t) => {
  const clock = new VirtualClock()
  const told: Invalidation[] = []
  const found = new FoundChanges(clock, (changes) => told.push(...changes))
  await clock.run(1)
  found.changed(wantOf('7'), BASE + 5)
  found.changed(wantOf('7'), BASE + 6)
  found.changed(wantOf('8'), BASE + 7)
  t.deepEqual(told, [
    { volume: 'v', inode: '7', stamp: BASE + 5 },
    { volume: 'v', inode: '8', stamp: BASE + 7 },
  ])
  await clock.run(1_000)
  found.changed(wantOf('7'), BASE + 9)
  t.is(told.at(-1)?.stamp, BASE + 9)
  found.changed(wantOf('9'), stampAt(clock.now() + 400))
  t.is(told.at(-1)?.stamp, stampAt(clock.now()), 'nothing is told ahead of its time')
})

test('what it remembers is bounded', (t) => {
  let told = 0
  const found = new FoundChanges(new VirtualClock(), (changes) => (told += changes.length))
  for (let i = 0; i <= 1_024; i++) found.changed(wantOf(String(i)), i)
  found.changed(wantOf('1024'), 1)
  t.is(told, 1_025)
  found.changed(wantOf('0'), 1)
  t.is(told, 1_026, 'the oldest was let go')
})
