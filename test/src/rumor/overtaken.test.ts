import test from 'ava'
import type { Invalidation } from '../../../src/ports/messages.ts'
import { withoutOvertaken } from '../../../src/rumor/overtaken.ts'
import { attributesOf, SimTree } from '../../../sim/storage/tree.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

const attributes = attributesOf(new SimTree(new VirtualClock()).root)

const said = (inode: string, stamp: number, isContent = false): Invalidation => {
  return { volume: 'v', inode, stamp, news: { type: 'attributes', attributes, isContent } }
}

test('of one inode’s attributes the last are told, in the order of all', (t) => {
  const name = { type: 'name', name: 'n', by: 'p', changed: attributes } as const
  const named = (stamp: number): Invalidation => ({ volume: 'v', inode: '1', stamp, news: name })
  const told = [
    named(1),
    said('1', 1),
    said('2', 2),
    named(3),
    said('1', 3),
    { ...said('1', 3), volume: 'w' },
  ]
  t.deepEqual(withoutOvertaken(told), [told[0], told[2], told[3], told[4], told[5]])
  t.deepEqual(withoutOvertaken([]), [])
})

test('that bytes changed is not lost with what is overtaken', (t) => {
  const told = [said('1', 1, true), said('1', 2), said('1', 3, true), said('1', 4), said('1', 5)]
  t.deepEqual(withoutOvertaken(told), [told[2], told[4]])
})

test('what says nothing of attributes is told as often as it is said', (t) => {
  const bare = { volume: 'v', inode: '1', stamp: 1 }
  t.deepEqual(withoutOvertaken([bare, said('1', 2), bare]), [bare, said('1', 2), bare])
})
