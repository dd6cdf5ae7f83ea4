import test from 'ava'
import { stampAt } from '../../../src/block/stamp.ts'
import { versionOf } from '../../../src/block/version.ts'
import type { Attributes, Invalidation, Want } from '../../../src/ports/messages.ts'
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

const changedAt = (stamp: number) => {
  const times = { mtimeSeconds: 5, mtimeNanos: 0, ctimeSeconds: 5, ctimeNanos: 0 }
  const attributes = { size: 3, ...times } as unknown as Attributes
  return { attributes, stamp }
}
const nothingHeld = () => false

test('a file that was found to be another one is told of, at most once a second', async (t) => {
  const clock = new VirtualClock()
  const told: Invalidation[] = []
  const found = new FoundChanges(clock, (changes) => told.push(...changes))
  await clock.run(1)
  found.changed(wantOf('7'), changedAt(BASE + 5), nothingHeld)
  found.changed(wantOf('7'), changedAt(BASE + 6), nothingHeld)
  found.changed(wantOf('8'), changedAt(BASE + 7), nothingHeld)
  t.deepEqual(told, [
    { volume: 'v', inode: '7', stamp: BASE + 5 },
    { volume: 'v', inode: '8', stamp: BASE + 7 },
  ])
  await clock.run(1_000)
  found.changed(wantOf('7'), changedAt(BASE + 9), nothingHeld)
  t.is(told.at(-1)?.stamp, BASE + 9)
  found.changed(wantOf('9'), changedAt(stampAt(clock.now() + 400)), nothingHeld)
  t.is(told.at(-1)?.stamp, stampAt(clock.now()), 'nothing is told ahead of its time')
})

test('what it remembers is bounded', (t) => {
  let told = 0
  const found = new FoundChanges(new VirtualClock(), (changes) => (told += changes.length))
  for (let i = 0; i <= 1_024; i++) found.changed(wantOf(String(i)), changedAt(i), nothingHeld)
  found.changed(wantOf('1024'), changedAt(1), nothingHeld)
  t.is(told, 1_025)
  found.changed(wantOf('0'), changedAt(1), nothingHeld)
  t.is(told, 1_026, 'the oldest was let go')
})

test('who had not heard of a change makes nobody tell of it once more', (t) => {
  const told: Invalidation[] = []
  const found = new FoundChanges(new VirtualClock(), (changes) => told.push(...changes))
  const asked: Want[] = []
  const now = changedAt(5)
  found.changed(wantOf('7'), now, (want) => asked.push(want) > 0)
  t.deepEqual(told, [])
  t.deepEqual(asked, [{ ...wantOf('7'), version: versionOf(now.attributes) }])
})
