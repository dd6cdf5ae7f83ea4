import test from 'ava'
import { Counters } from '../../../src/base/counters.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import { Suspects } from '../../../src/fetch/suspects.ts'
import type { Reply } from '../../../src/ports/messages.ts'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

const PONG: Reply = { type: 'held', held: [] }

function bench(answer: (peer: string, clock: VirtualClock) => Promise<Reply>) {
  const clock = new VirtualClock()
  const counters = new Counters()
  const asked: string[] = []
  const network = {
    request: (peer: string) => {
      asked.push(peer)
      return answer(peer, clock)
    },
    handle: () => {},
    queuedBytes: () => 0,
  }
  const nearest = (count: number) => ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].slice(0, count)
  const random = new SeededRandom('suspects')
  const suspects = new Suspects({ clock, network, random, counters, nearest })
  const isAlive = (peer: string) => clock.runUntil(suspects.isAlive(peer))
  return { clock, counters, asked, suspects, isAlive }
}

const never = () => new Promise<never>(() => {})
const after = (delayMs: number) => (_: string, clock: VirtualClock) =>
  new Promise<Reply>((resolve) => void clock.after(delayMs, () => resolve(PONG)))

test('who gives no sign of life is passed over, for a while', async (t) => {
  const { clock, counters, suspects, isAlive } = bench(never)
  t.false(await isAlive('a'))
  t.is(clock.elapsedMs, 750)
  t.true(suspects.has('a'))
  t.deepEqual([...suspects.and(new Set(['b']))].toSorted(), ['a', 'b'])
  t.is(counters.get('fetch_suspects_total'), 1)
  await clock.run(3_000)
  t.false(suspects.has('a'))
  t.deepEqual([...suspects.and(new Set(['b']))], ['b'])
})

test('any word of a peer clears it, before and after it was suspected', async (t) => {
  const { clock, suspects, isAlive } = bench(never)
  const waiting = suspects.isAlive('a')
  suspects.heard('a')
  t.true(await clock.runUntil(waiting))
  t.is(clock.elapsedMs, 0)
  t.false(await isAlive('a'))
  suspects.heard('a')
  t.false(suspects.has('a'))
})

test('an answer that comes late clears it, too', async (t) => {
  const { clock, suspects, isAlive } = bench(after(900))
  t.false(await isAlive('a'))
  await clock.run(151)
  t.false(suspects.has('a'))
})

test('where signs of life take long, they are waited for longer', async (t) => {
  const { clock, suspects, isAlive } = bench(after(200))
  t.true(await isAlive('a'))
  const slower = bench((_, own) => after(own.elapsedMs < 301 ? 300 : 1_100)('', own))
  t.true(await slower.isAlive('a'))
  t.true(await slower.isAlive('b'), 'four times 300 ms are given')
  t.is(clock.pending, 0)
  t.false(suspects.has('a'))
})

test('but never for longer than the network itself would wait', async (t) => {
  const { clock, isAlive } = bench((_, own) => after(own.elapsedMs < 701 ? 700 : 10_000)('', own))
  t.true(await isAlive('a'))
  const before = clock.elapsedMs
  await clock.run(2)
  t.false(await isAlive('b'))
  t.is(clock.elapsedMs - before, 1_502)
})

test('all who ask at one time share one question', async (t) => {
  const { clock, asked, suspects } = bench(after(10))
  const both = Promise.all([suspects.isAlive('a'), suspects.isAlive('a'), suspects.isAlive('b')])
  t.deepEqual(await clock.runUntil(both), [true, true, true])
  t.deepEqual(asked, ['a', 'b'])
  t.is(clock.pending, 0)
})

test('a connection that is refused is an answer, and so is an error of a living peer', async (t) => {
  const failing = (code: 'UNREACHABLE' | 'BUSY') => async () => {
    throw new PotluckError(code, 'so')
  }
  const dead = bench(failing('UNREACHABLE'))
  t.false(await dead.isAlive('a'))
  t.is(dead.clock.elapsedMs, 0)
  t.true(await bench(failing('BUSY')).isAlive('a'))
})

test('the nearest are looked after from the start, and the end ends everything', async (t) => {
  const { clock, asked, suspects } = bench(never)
  suspects.watchNeighbours()
  await clock.run(800)
  t.deepEqual(asked, ['a', 'b', 'c', 'd', 'e', 'f'])
  t.true(suspects.has('f'))
  await clock.run(20_000)
  t.true(asked.length > 6)
  suspects.watchNeighbours()
  suspects.stop()
  t.is(clock.pending, 0)
})
