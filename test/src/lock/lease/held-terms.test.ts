// The holder's side of time: a lease is over here before it is over at its keeper, whatever the network
// and the clocks do, as long as they run at about the same rate.
import test from 'ava'
import fc from 'fast-check'
import { Council } from '../../../../src/lock/roll/council.ts'
import { HeldTerms } from '../../../../src/lock/lease/held-terms.ts'
import { COUNTED_ON, RENEWALS } from '../../../../src/lock/lease/lease-terms.ts'
import type { LeaseAnswer, LeaseQuestion } from '../../../../src/ports/leases/lease-messages.ts'
import type { Member } from '../../../../src/ports/locks.ts'
import { VirtualClock } from '../../../../sim/engine/virtual-clock.ts'

const LEASE_MS = 1_000
const [SELF, KEEPER] = [
  { peer: 'self', epoch: 1 },
  { peer: 'keeper', epoch: 1 },
] as const

const leased = (session: number, forMs: number) =>
  ({ type: 'leased', session, forMs, turn: 1, since: 0, now: 0, changes: [], refused: [] }) as const

type Answering = (question: LeaseQuestion) => Promise<LeaseAnswer>

function begin(answering: Answering = () => Promise.reject(new Error('nobody answers'))) {
  const clock = new VirtualClock()
  const silent: Member[] = []
  const terms = new HeldTerms({
    clock,
    ask: (_, question) => answering(question),
    council: new Council(SELF, () => {}),
    leaseMs: LEASE_MS,
    onSilence: (keeper) => silent.push(keeper),
    onRoll: () => {},
    onTick: () => {},
  })
  return { clock, terms, silent }
}

test('a term counts from before it was asked for, and a little less than was said', async (t) => {
  const { clock, terms } = begin()
  const askedMs = clock.now()
  await clock.run(300)
  const term = terms.granted(KEEPER, leased(7, LEASE_MS), askedMs)
  t.is(term.untilMs, askedMs + LEASE_MS * COUNTED_ON)
  t.is(terms.sessionAt(KEEPER), 7)
  terms.stop()
})

test('it ends before the keeper’s does, by any clocks that differ by a fiftieth in rate', (t) => {
  fc.assert(
    fc.property(
      fc.record({
        forMs: fc.integer({ min: 1, max: 10_000 }),
        /** On its way there, and back. */
        thereMs: fc.double({ min: 0, max: 5_000, noNaN: true }),
        rate: fc.double({ min: COUNTED_ON, max: 2, noNaN: true }),
      }),
      ({ forMs, thereMs, rate }) => {
        const { clock, terms } = begin()
        const { untilMs } = terms.granted(KEEPER, leased(1, forMs), clock.now())
        terms.stop()
        const endsHereMs = (untilMs - clock.now()) / rate
        const endsThereMs = thereMs + forMs
        // Finer than this no double is that far from 1970.
        t.true(endsHereMs <= endsThereMs + 1e-3)
      },
    ),
  )
})

test('renewed in time it is the same term, and longer', async (t) => {
  const { clock, terms } = begin(() => Promise.resolve(leased(7, LEASE_MS)))
  const term = terms.granted(KEEPER, leased(7, LEASE_MS), clock.now())
  const first = term.untilMs
  await clock.run(LEASE_MS / RENEWALS + 1)
  t.is(term.untilMs, first + LEASE_MS / RENEWALS)
  t.is(terms.granted(KEEPER, leased(7, LEASE_MS), clock.now()), term)
  await clock.run(10 * LEASE_MS)
  t.true(term.untilMs > clock.now(), 'and so on')
  terms.stop()
})

test('an answer that comes when the term is over does not bring it back', async (t) => {
  const { clock, terms } = begin(async () => {
    await new Promise<void>((resolve) => void clock.after(LEASE_MS, resolve))
    return leased(7, 10 * LEASE_MS)
  })
  const term = terms.granted(KEEPER, leased(7, LEASE_MS), clock.now())
  await clock.run(3 * LEASE_MS)
  t.true(term.untilMs <= clock.now())
  t.is(terms.sessionAt(KEEPER), 0)
  const next = terms.granted(KEEPER, leased(7, LEASE_MS), clock.now())
  t.not(next, term, 'what was held by the old one stays over')
  terms.stop()
})

test('at the very instant at which it ends it is over', async (t) => {
  const { clock, terms } = begin()
  const term = terms.granted(KEEPER, leased(7, LEASE_MS), clock.now())
  await clock.run(LEASE_MS * COUNTED_ON)
  t.is(term.untilMs, clock.now())
  t.not(terms.granted(KEEPER, leased(7, LEASE_MS), clock.now()), term)
  terms.stop()
})

test('a keeper that is silent is told of, and the term runs out', async (t) => {
  const { clock, terms, silent } = begin()
  const term = terms.granted(KEEPER, leased(7, LEASE_MS), clock.now())
  await clock.run(2 * LEASE_MS)
  t.true(silent.length >= RENEWALS - 1)
  t.true(term.untilMs <= clock.now())
  t.is(terms.sessionAt(KEEPER), 0)
  t.is(clock.pending, 0, 'nothing is renewed any more')
})

test('a keeper that started again knows nothing of it: it is forgotten, and never extended', async (t) => {
  const { clock, terms } = begin(() => Promise.resolve({ type: 'refused', why: 'expired' }))
  const term = terms.granted(KEEPER, leased(7, LEASE_MS), clock.now())
  const { untilMs } = term
  await clock.run(LEASE_MS / RENEWALS + 1)
  t.is(terms.sessionAt(KEEPER), 0)
  t.is(term.untilMs, untilMs)
})
