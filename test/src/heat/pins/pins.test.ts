import test from 'ava'
import { copiesFor } from '../../../../src/heat/pins/copies.ts'
import { PinList } from '../../../../src/heat/pins/pin-list.ts'
import { Wishes } from '../../../../src/heat/pins/wishes.ts'

const thresholds = { pinAbove: 4, unpinBelow: 1 }

test('between the thresholds a file stays as it is', (t) => {
  const copies = (perSecond: number, before: number) => copiesFor(perSecond, before, thresholds)
  t.is(copies(3.9, 0), 0)
  t.is(copies(4, 0), 1)
  t.is(copies(1, 1), 1)
  t.is(copies(0.9, 1), 0)
  // Four times as hot: twice as many.
  t.is(copies(16, 1), 2)
  t.is(copies(400, 0), 8)
  t.is(copies(15, 2), 2)
  t.is(copies(4, 8), 2)
})

const pin = (inode: string, more = {}) => {
  const file = { inode, path: inode, perSecond: 1, size: 9, version: 1, copies: 1 }
  return { ...file, volume: 'v', cause: 'heat', untilMs: 100, floor: 0, ...more } as const
}

test('a pin ends when it is taken back, or not said again, and is told then, once', (t) => {
  const gone: string[] = []
  const pins = new PinList({ onUnpin: (_, inode) => gone.push(inode) })
  for (const inode of ['1', '2', '3']) pins.take(pin(inode))
  pins.take(pin('2', { cause: 'wish' }))
  const before = pins.changes
  pins.take(pin('1', { untilMs: 200 }))
  t.is(pins.changes, before)
  t.deepEqual(
    pins.all().map(({ inode }) => inode),
    ['2', '1', '2', '3'],
  )
  pins.take(pin('2', { copies: 0 }))
  t.deepEqual(gone, [])
  pins.sweep(100)
  t.deepEqual(gone, ['3', '2'])
  pins.take(pin('1', { copies: 0 }))
  pins.take(pin('1', { copies: 0 }))
  t.deepEqual(gone, ['3', '2', '1'])
  t.is(pins.size, 0)
})

test('of two wishes the later counts, and what was unpinned makes room', (t) => {
  const wishes = new Wishes()
  const wish = (path: string, wishedMs: number, isPinned = true) => {
    return wishes.take({ volume: 'v', path, isPinned, wishedMs }, 1_000)
  }
  t.true(wish('a', 5))
  t.false(wish('a', 4, false))
  t.true(wish('a', 6, false))
  t.false(wish('far', 1e9))
  for (let i = 0; i < 1_024; i++) t.true(wish(`p${i}`, 10))
  t.is(wishes.find('v', 'a'), undefined)
  t.throws(() => wish('one more', 10), { code: 'ENOSPC' })
})
