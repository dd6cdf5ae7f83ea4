import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { keyOf } from '../../../../src/block/key.ts'
import { until } from '../../../until.ts'
import { Crowd } from './crowd.ts'

const MEMBERS = 240
const KEYS = Array.from({ length: 64 }, (_, index) =>
  keyOf({ volume: 'v', inode: '1', kind: 'data', index, splits: 0 }),
)

test('where nobody is told of everybody, all look around, and agree on who is home', async (t) => {
  const crowd = Crowd.join(t, MEMBERS)
  // Without it there are two homes a key and more, and neighbours do not know each other.
  t.true(crowd.homesAKey(KEYS) > 1.5)
  t.true(crowd.nearKnown(8) < 0.8)
  await until(() => crowd.nearKnown(8) === 1 && crowd.homesAKey(KEYS) === 1)
  const contacts = crowd.members.map((member) => member.contacts.size)
  const links = crowd.members.map(({ open }) => open.size)
  t.log(`at most ${Math.max(...contacts)} contacts and ${Math.max(...links)} links of ${MEMBERS}`)
  t.true(Math.max(...links) < MEMBERS / 4, 'only few connections are made for it')
})

test('a small mesh asks for nothing: everybody is told of everybody', async (t) => {
  const crowd = Crowd.join(t, 24)
  await until(() => crowd.members.every(({ contacts }) => contacts.size === 23))
  for (let turn = 0; turn < 50; turn++) await setImmediate()
  t.deepEqual(new Set(crowd.members.map(({ asks }) => asks)), new Set([0]))
})
