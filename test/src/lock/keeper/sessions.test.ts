// A peer that starts again is another holder, and what is left of its life before comes late: by a keeper
// that hands over, by a message, by a wait. It must cost the new life nothing.
import test from 'ava'
import { Stopper } from '../../../../src/base/abort.ts'
import { HandOver } from '../../../../src/lock/keeper/hand-over.ts'
import { type Session, Sessions } from '../../../../src/lock/keeper/sessions.ts'
import { Tables } from '../../../../src/lock/keeper/tables.ts'
import { Taking, type TakingInit } from '../../../../src/lock/keeper/taking.ts'
import { Council } from '../../../../src/lock/roll/council.ts'
import type { LockRange } from '../../../../src/ports/changes.ts'
import { SeededRandom } from '../../../../sim/engine/seeded-random.ts'
import { VirtualClock } from '../../../../sim/engine/virtual-clock.ts'

const [BEFORE, NOW] = [
  { peer: 'p', epoch: 1 },
  { peer: 'p', epoch: 2 },
]
const FIRST = { session: 0, sequence: 1 }
const [F, G] = [
  { volume: 'v', inode: '1' },
  { volume: 'v', inode: '2' },
]
const ALL: LockRange = { kind: 'write', from: 0, to: Infinity, owner: 1n, pid: 1, isFlock: false }

/** A keeper's tables, in which the new life has locked F. */
function begin() {
  const clock = new VirtualClock()
  const tables = new Tables()
  const onEnded = (holder: typeof NOW) => void tables.drop(holder)
  const sessions = new Sessions({ clock, random: new SeededRandom(1), onEnded })
  const session = sessions.take(NOW, FIRST) as Session
  tables.at(F).set({ holder: NOW, owner: 1n }, ALL)
  const isHeld = () =>
    sessions.of(NOW) === session && tables.find(F)?.covers({ holder: NOW, owner: 1n }, ALL) === true
  return { clock, tables, sessions, isHeld }
}

test('locks of a life before that are handed over late end nothing, and are not taken', (t) => {
  const { clock, tables, sessions, isHeld } = begin()
  const handOver = new HandOver({ clock, council: new Council(NOW, () => {}) })
  const inheritance = () =>
    ({ knows: () => false }) as unknown as ReturnType<TakingInit['inheritance']>
  const onChanged = () => {}
  const taking = new Taking({
    tables,
    sessions,
    handOver,
    inheritance,
    isOurs: () => true,
    onChanged,
  })
  taking.inherit([
    { holder: BEFORE, ...G, locks: [ALL] },
    { holder: { peer: 'q', epoch: 1 }, ...G, locks: [ALL] },
  ])
  t.true(isHeld())
  t.is(tables.find(G)?.count(BEFORE), 0)
  t.is(tables.find(G)?.size, 1, 'and who is alive keeps what it has')
})

test('a message of a life before that comes late ends nothing', (t) => {
  const { sessions, isHeld } = begin()
  t.is(sessions.take(BEFORE, FIRST), 'expired')
  t.true(isHeld())
})

test('a wait of a life before ends when its turn comes, and those behind it have theirs', async (t) => {
  const { tables, sessions, isHeld } = begin()
  const ownerOf = (peer: string) => ({ holder: { peer, epoch: 1 }, owner: 1n })
  const [blocking, next] = [ownerOf('b'), ownerOf('c')]
  tables.at(G).set(blocking, ALL)
  const signal = new Stopper()
  const late = tables.wait({ holder: BEFORE, owner: 1n }, { ...G, range: ALL }, signal)
  const waiting = tables.wait(next, { ...G, range: ALL }, signal)
  tables.at(G).set(blocking, { ...ALL, kind: 'none' })
  tables.pump(G, (holder) => sessions.letIn(holder))
  t.is(await late, 'moved')
  t.is(await waiting, 'granted')
  t.true(isHeld())
})
