import test from 'ava'
import { HybridClock, msOf, stampAt } from '../../../src/block/stamp.ts'
import { versionOf } from '../../../src/block/version.ts'
import type { Attributes, Invalidation, Want } from '../../../src/ports/messages.ts'
import { FoundChanges } from '../../../src/tree/found-changes.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

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

const times = { mtimeSeconds: 5, mtimeNanos: 0, ctimeSeconds: 5, ctimeNanos: 0 }
const attributes = { size: 3, ...times } as unknown as Attributes
const nothingHeld = () => false

function finding() {
  const clock = new VirtualClock()
  const stamps = new HybridClock(clock)
  const told: Invalidation[] = []
  const found = new FoundChanges({ clock, stamps, tell: (changes) => told.push(...changes) })
  const find = (inode: string, isHeld: (want: Want) => boolean = nothingHeld) =>
    found.changed(wantOf(inode), { attributes, begunMs: clock.now() }, isHeld)
  return { clock, stamps, told, found, find }
}

test('a file that was found to be another one is told of, at most once a second', async (t) => {
  const { clock, told, find } = finding()
  for (const inode of ['7', '7', '8']) find(inode)
  t.deepEqual(
    told.map(({ inode }) => inode),
    ['7', '8'],
  )
  await clock.run(1_000)
  find('7')
  t.is(told.length, 3)
})

test('it is told like any change: what it is now, later than all that was heard of', async (t) => {
  const { clock, stamps, told, found } = finding()
  const ahead = stampAt(clock.now() + 250)
  stamps.witness(ahead)
  const begunMs = clock.now()
  await clock.run(30)
  found.changed(wantOf('7'), { attributes, begunMs }, nothingHeld)
  const [one] = told
  t.deepEqual(one?.news, { type: 'attributes', attributes, isContent: true })
  t.is(one?.tookMs, 30)
  t.true((one?.stamp ?? 0) > ahead, `${msOf(one?.stamp ?? 0)}`)
})

test('what it remembers is bounded', (t) => {
  const { told, find } = finding()
  for (let i = 0; i <= 1_024; i++) find(String(i))
  find('1024')
  t.is(told.length, 1_025)
  find('0')
  t.is(told.length, 1_026, 'the oldest was let go')
})

test('who had not heard of a change makes nobody tell of it once more', (t) => {
  const { told, find } = finding()
  const asked: Want[] = []
  find('7', (want) => asked.push(want) > 0)
  t.deepEqual(told, [])
  t.deepEqual(asked, [{ ...wantOf('7'), version: versionOf(attributes) }])
})
