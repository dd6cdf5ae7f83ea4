// The keeper's side of time: who may still use what it was leased.
import test from 'ava'
import { LeaseSessions, type LeaseSession } from '../../../../src/lock/lease/lease-sessions.ts'
import { GIVE_BACK_MS, STRICT_LEASE_MAX_MS } from '../../../../src/lock/lease/lease-terms.ts'
import type { Member } from '../../../../src/ports/locks.ts'
import { SeededRandom } from '../../../../sim/engine/seeded-random.ts'
import { VirtualClock } from '../../../../sim/engine/virtual-clock.ts'

const HOLDER: Member = { peer: 'p', epoch: 3 }
const NEW = { session: 0, roll: 1 }

function begin() {
  const clock = new VirtualClock()
  const sessions = new LeaseSessions({ clock, random: new SeededRandom(1) })
  return { clock, sessions, session: sessions.take(HOLDER, NEW) as LeaseSession }
}

test('a lease is good up to its very last instant, and over after it, for good', async (t) => {
  const { clock, sessions, session } = begin()
  t.is(sessions.extend(session, 1_000), 1_000)
  await clock.run(1_000)
  t.false(sessions.isOver(session))
  await clock.run(1)
  t.true(sessions.isOver(session))
  t.is(sessions.take(HOLDER, { session: session.number, roll: 1 }), 'expired')
  sessions.extend(session, 1_000)
  t.true(sessions.isOver(session), 'a late renewal does not bring it back')
  const again = sessions.take(HOLDER, NEW) as LeaseSession
  t.not(again.number, session.number)
})

test('before anything is leased a session lasts longer than any lease', async (t) => {
  const { clock, sessions, session } = begin()
  await clock.run(STRICT_LEASE_MAX_MS)
  t.false(sessions.isOver(session))
})

test('who owes an answer for too long gets no longer time by renewing, and what is left ends', async (t) => {
  const { clock, sessions, session } = begin()
  sessions.extend(session, 5_000)
  session.recalledMs = clock.now()
  await clock.run(GIVE_BACK_MS)
  t.is(sessions.extend(session, 5_000), 5_000)
  await clock.run(1)
  t.is(sessions.extend(session, 5_000), 4_999)
  await clock.run(4_000)
  t.is(sessions.extend(session, 5_000), 999)
  session.recalledMs = Infinity
  t.is(sessions.extend(session, 5_000), 5_000, 'once it has answered')
})

test('a holder that started again has nothing of its life before', (t) => {
  const { sessions, session } = begin()
  const next = sessions.take({ ...HOLDER, epoch: 4 }, NEW) as LeaseSession
  t.true(session.isEnded)
  t.not(next.number, session.number)
  t.is(sessions.take(HOLDER, { session: session.number, roll: 1 }), 'expired')
  t.is(sessions.take(HOLDER, NEW), 'expired', 'a message of its life before that comes late')
  t.false(next.isEnded)
  t.is(sessions.size, 1)
})

test('news that a life before is over ends no later one', (t) => {
  const { sessions, session } = begin()
  sessions.gone(HOLDER.peer, HOLDER.epoch)
  t.false(session.isEnded)
  sessions.gone('somebody else')
  t.false(session.isEnded)
  sessions.gone(HOLDER.peer, HOLDER.epoch + 1)
  t.true(session.isEnded)
  t.is(sessions.size, 0)
})

test('who has missed a roll begins anew, and who is one behind goes on', (t) => {
  const { sessions, session } = begin()
  const { number } = session
  t.is(sessions.take(HOLDER, { session: number, roll: 2 }), session)
  t.is(sessions.take(HOLDER, { session: number, roll: 1 }), session, 'a message that was overtaken')
  t.is(sessions.take(HOLDER, { session: number, roll: 4 }), 'expired')
  const next = sessions.take(HOLDER, { session: 0, roll: 4 }) as LeaseSession
  t.not(next.number, number)
  const later = sessions.take(HOLDER, { session: 0, roll: 6 }) as LeaseSession
  t.not(later.number, next.number)
})

test('what was leased before a roll was missed is used to the end of its time, and counts until then', async (t) => {
  const { clock, sessions, session } = begin()
  sessions.extend(session, 1_000)
  const next = sessions.take(HOLDER, { session: 0, roll: 3 }) as LeaseSession
  await clock.run(1_000)
  t.false(sessions.isOver(session))
  await clock.run(1)
  t.true(sessions.isOver(session))
  t.is(sessions.take(HOLDER, { session: next.number, roll: 3 }), next, 'the new one goes on')
})
