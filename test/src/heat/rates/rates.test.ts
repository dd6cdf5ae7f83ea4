import test from 'ava'
import { HotList } from '../../../../src/heat/rates/hot-list.ts'
import { Uses } from '../../../../src/heat/rates/uses.ts'
import { SeededRandom } from '../../../../sim/engine/seeded-random.ts'

const at = (inode: string) => ({ inode, path: `p${inode}` })

test('a steady rate is found, and halves with each half-life without use', (t) => {
  const list = new HotList({ halfLifeMs: 10_000, capacity: 8 })
  for (let ms = 0; ms < 200_000; ms += 100) list.add(at('1'), ms)
  const rate = list.rateOf('1', 200_000)
  t.true(Math.abs(rate - 10) < 0.5, `${rate} a second`)
  t.true(Math.abs(list.rateOf('1', 210_000) - rate / 2) < 1e-6)
  // A year later nothing has overflowed.
  list.add(at('1'), 3e10)
  t.true(list.rateOf('1', 3e10) < 0.1)
})

test('a scan of a million files heats none of them, nor drives out what is hot', (t) => {
  const list = new HotList({ halfLifeMs: 60_000, capacity: 128 })
  let most = 0
  for (let i = 0; i < 100_000; i++) {
    if (i % 50 === 0) list.add(at('hot'), i)
    list.add(at(`${i}`), i)
    if (i % 1_000 === 0) most = Math.max(most, list.rateOf(`${i}`, i))
  }
  t.true(list.size <= 128)
  t.is(list.top(1, 100_000)[0]?.use.inode, 'hot')
  t.true(list.rateOf('hot', 100_000) > 5)
  t.true(most < 0.02, `${most} a second of what was used once`)
})

/** What is found of uses that a kernel hides for a second each, and how many there were. */
function estimate(gaps: () => number, untilMs: number) {
  let now = 0
  const clock = { now: () => now, after: () => () => {} }
  const ports = { clock, random: new SeededRandom(9), isTight: () => true }
  const uses = new Uses(ports, { halfLifeMs: 6e4, capacity: 8 })
  const file = { inode: '1', path: () => 'f' }
  let quietUntilMs = 0
  let count = 0
  for (; now < untilMs; now += gaps()) {
    count += 1
    if (now >= quietUntilMs) quietUntilMs = now + uses.looked(file, 3e8)
  }
  return { found: uses.list.rateOf('1', now), real: count / (untilMs / 1000) }
}

test('uses that the kernel hides are estimated: true rate ÷ estimate, by how they come', (t) => {
  const random = new SeededRandom(5)
  const poisson = (perSecond: number) => () => (-Math.log(1 - random.next()) * 1000) / perSecond
  for (const perSecond of [0.2, 2, 20, 200]) {
    const { found, real } = estimate(poisson(perSecond), 600_000)
    t.log(`Poisson, ${perSecond}/s: ${(real / found).toFixed(2)}`)
    t.true(real / found > 0.7 && real / found < 1.5, `${real} a second, ${found} found`)
  }
  // Regular ones look up to twice as frequent as they are; a volley looks like one.
  const regular = estimate(() => 130, 600_000)
  t.log(`every 130 ms: ${(regular.real / regular.found).toFixed(2)}`)
  t.true(regular.real / regular.found > 0.4 && regular.real / regular.found < 1.2)
  let n = 0
  const volleys = estimate(() => (n++ % 5 === 4 ? poisson(1)() : 0.1), 600_000)
  t.log(`volleys of five, once a second: ${(volleys.real / volleys.found).toFixed(2)}`)
  t.true(volleys.real / volleys.found > 1)
})
