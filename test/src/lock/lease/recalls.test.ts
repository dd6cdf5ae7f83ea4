// A keeper asks for a lease back: until it is given, or its time is over.
import test from 'ava'
import { LeaseSessions, type LeaseSession } from '../../../../src/lock/lease/lease-sessions.ts'
import { LeaseTable } from '../../../../src/lock/lease/lease-table.ts'
import { recall } from '../../../../src/lock/lease/recalls.ts'
import type {
  LeaseAnswer,
  LeaseKind,
  LeaseQuestion,
} from '../../../../src/ports/leases/lease-messages.ts'
import { SeededRandom } from '../../../../sim/engine/seeded-random.ts'
import { VirtualClock } from '../../../../sim/engine/virtual-clock.ts'

const PLACE = { volume: 'v', inode: '7' }
const LEASE_MS = 1_000
const HEAD = { publisher: 'p', epoch: 3, number: 9 }

type Answering = (question: LeaseQuestion, tries: number) => Promise<LeaseAnswer>

function begin(kind: LeaseKind, answering: Answering) {
  const clock = new VirtualClock()
  const sessions = new LeaseSessions({ clock, random: new SeededRandom(1) })
  const session = sessions.take({ peer: 'p', epoch: 3 }, { session: 0, roll: 1 }) as LeaseSession
  sessions.extend(session, LEASE_MS)
  const entry = new LeaseTable().at(
    PLACE,
    () => 1,
    () => 0,
  )
  if (entry === undefined) throw new Error('no room')
  entry.grants.set(session, { kind, turn: 4 })
  let [tries, now] = [0, 100]
  const ports = {
    clock,
    sessions,
    now: () => ++now,
    ask: (_: string, question: LeaseQuestion) => answering(question, ++tries),
  }
  const ask = (keeps: 'shared' | 'nothing') => recall(ports, { entry, session, keeps, epoch: 1 })
  return { clock, sessions, session, entry, ask }
}

const given = () => Promise.resolve<LeaseAnswer>({ type: 'given', head: HEAD })
const silence = () => Promise.reject(new Error('nobody answers'))

test('what is given back says which rumor tells of what was changed', async (t) => {
  const { clock, session, entry, ask } = begin('sole', given)
  await clock.runUntil(ask('nothing'))
  t.deepEqual([entry.grants.size, entry.heads, entry.since], [0, [HEAD], 0])
  t.is(session.recalledMs, Infinity)
})

test('a writer that others want to read beside goes on reading', async (t) => {
  const { clock, session, entry, ask } = begin('sole', given)
  await clock.runUntil(ask('shared'))
  t.is(entry.grants.get(session)?.kind, 'shared')
})

test('who gives no sign is waited for until its time is over, and not an instant less', async (t) => {
  for (const [kind, isUnknown] of [
    ['sole', true],
    ['shared', false],
  ] as const) {
    const { clock, entry, ask } = begin(kind, silence)
    const startMs = clock.now()
    await clock.runUntil(ask('nothing'))
    t.true(clock.now() - startMs > LEASE_MS, kind)
    t.true(clock.now() - startMs < LEASE_MS + 10, kind)
    t.is(entry.grants.size, 0)
    t.is(entry.since > 0, isUnknown, 'what it may have changed nobody tells')
  }
})

test('an answer that never comes is given up when the lease is over', async (t) => {
  const { clock, entry, ask } = begin('shared', () => new Promise(() => {}))
  const asking = ask('nothing')
  await clock.run(LEASE_MS - 1)
  t.is(entry.grants.size, 1)
  t.true(clock.pending > 0)
  void asking
})

test('a holder that is known to be dead is not waited for', async (t) => {
  const { clock, sessions, entry, ask } = begin('sole', silence)
  const startMs = clock.now()
  const asking = ask('nothing')
  sessions.gone('p')
  await clock.runUntil(asking)
  t.true(clock.now() - startMs <= 100)
  t.deepEqual([entry.grants.size, entry.since > 0], [0, true])
})

test('what was leased again meanwhile is asked for once more', async (t) => {
  const turns: number[] = []
  const { clock, session, entry, ask } = begin('shared', (question) => {
    if (question.step === 'recall') turns.push(question.turn)
    if (turns.length === 1) entry.grants.set(session, { kind: 'shared', turn: 5 })
    return given()
  })
  await clock.runUntil(ask('nothing'))
  t.deepEqual(turns, [4, 5])
  t.is(entry.grants.size, 0)
})

test('a keeper that has stopped asks for nothing back, not even from who began anew since', async (t) => {
  const { clock, sessions, session, entry, ask } = begin('sole', silence)
  const next = sessions.take({ peer: 'p', epoch: 3 }, { session: 0, roll: 3 }) as LeaseSession
  t.not(next.number, session.number)
  const startMs = clock.now()
  const asking = ask('nothing')
  sessions.close()
  await clock.runUntil(asking)
  t.true(clock.now() - startMs <= 100)
  t.is(entry.grants.size, 0)
})
