import test from 'ava'
import { below, logNormal, pickSome } from '../../../sim/engine/draws.ts'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'

const draws = (random: SeededRandom, count = 8) =>
  Array.from({ length: count }, () => random.next())

test('one seed, one stream', (t) => {
  t.deepEqual(draws(new SeededRandom(7)), draws(new SeededRandom('7')))
  t.notDeepEqual(draws(new SeededRandom(7)), draws(new SeededRandom(8)))
})

test('a fork depends on its name alone, not on what was drawn before', (t) => {
  const [fresh, used] = [new SeededRandom(7), new SeededRandom(7)]
  draws(used, 1_000)
  t.deepEqual(draws(fresh.fork('network')), draws(used.fork('network')))
  t.notDeepEqual(draws(fresh.fork('network')), draws(fresh.fork('source')))
  t.notDeepEqual(draws(fresh.fork('a').fork('b')), draws(fresh.fork('b').fork('a')))
})

test('numbers lie in [0, 1) and fill it evenly', (t) => {
  const random = new SeededRandom('even')
  const buckets = Array.from({ length: 16 }, () => 0)
  for (let i = 0; i < 160_000; i++) buckets[below(random, 16)]! += 1
  for (const count of buckets) t.true(count > 9_500 && count < 10_500, String(count))
})

test('a log-normal draw has its median in the middle', (t) => {
  const random = new SeededRandom('latency')
  let over = 0
  for (let i = 0; i < 10_000; i++) if (logNormal(random, 2, 0.5) > 2) over += 1
  t.true(over > 4_800 && over < 5_200, String(over))
})

test('some of a few are all of them, each once', (t) => {
  const some = pickSome(new SeededRandom(1), [1, 2, 3, 4], 10)
  t.deepEqual(
    some.toSorted((a, b) => a - b),
    [1, 2, 3, 4],
  )
  t.is(pickSome(new SeededRandom(1), [1, 2, 3, 4], 2).length, 2)
})
