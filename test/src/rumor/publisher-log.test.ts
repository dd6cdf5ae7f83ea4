import test from 'ava'
import fc from 'fast-check'
import type { Rumor } from '../../../src/ports/messages.ts'
import { Lives } from '../../../src/rumor/lives.ts'
import { KEPT, PublisherLog } from '../../../src/rumor/publisher-log.ts'

const life = { publisher: 'p', epoch: 1 }
const rumorOf = (number: number, publisher = 'p', epoch = 1): Rumor => {
  return { publisher, epoch, number, invalidations: [{ volume: 'v', inode: '1', stamp: number }] }
}

test('the first gap is what is missing before the first rumor heard behind it', (t) => {
  const log = new PublisherLog(life)
  t.true(log.isEmpty)
  t.is(log.gap(), undefined)
  for (const number of [1, 2, 5, 6, 9]) t.true(log.add(rumorOf(number)))
  t.false(log.add(rumorOf(5)))
  t.deepEqual(log.gap(), { from: 3, to: 4 })
  log.add(rumorOf(3))
  log.add(rumorOf(4))
  t.deepEqual(log.gap(), { from: 7, to: 8 })
  log.skipTo(8)
  t.is(log.gap(), undefined)
  log.noteNewest(12)
  t.deepEqual(log.gap(), { from: 10, to: 12 })
})

test('in any order, with any losses, exactly the missing numbers are gaps', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (numbers) => {
      const log = new PublisherLog(life)
      for (const number of numbers) log.add(rumorOf(number))
      const missing: number[] = []
      for (let gap = log.gap(); gap !== undefined; gap = log.gap()) {
        for (let number = gap.from; number <= gap.to; number++) missing.push(number)
        log.skipTo(gap.to)
      }
      const newest = Math.max(...numbers)
      const heard = new Set(numbers)
      const expected = Array.from({ length: newest }, (_, i) => i + 1)
      t.deepEqual(
        missing,
        expected.filter((number) => !heard.has(number)),
      )
    }),
  )
})

test('a gap never passes for heard because many rumors came behind it', (t) => {
  const log = new PublisherLog(life)
  for (let number = 1; number <= 10; number++) log.add(rumorOf(number))
  for (let number = 21; number <= 5 * KEPT; number++) {
    log.add(rumorOf(number))
    t.true(log.gap() !== undefined)
  }
  t.true(log.isLost)
})

test('a number out of all proportion costs no time', (t) => {
  const log = new PublisherLog(life)
  log.add(rumorOf(1))
  log.noteNewest(Number.MAX_SAFE_INTEGER)
  t.true(log.isLost)
  const gap = log.gap()
  t.is((gap?.to ?? 0) - (gap?.from ?? 0), KEPT - 1)
  log.skipTo(log.newest)
  t.is(log.gap(), undefined)
})

test('about the newest are kept for others', (t) => {
  const log = new PublisherLog(life)
  for (let number = 1; number <= 4 * KEPT; number++) log.add(rumorOf(number))
  t.is(log.range(1, Infinity).length, KEPT)
  t.deepEqual(
    log.range(4 * KEPT - 1, 4 * KEPT).map(({ number }) => number),
    [4 * KEPT - 1, 4 * KEPT],
  )
  t.true(log.bytes < 2 * KEPT * 300)
})

test('a life that comes after another does not hide what is missing of the first', (t) => {
  const lives = new Lives({ own: { publisher: 'self', epoch: 1 } })
  const first = lives.follow({ publisher: 'p', epoch: 1 })
  first?.noteNewest(3)
  const second = lives.follow({ publisher: 'p', epoch: 2 })
  t.not(first, second)
  t.is(lives.follow({ publisher: 'p', epoch: 1 }), first)
  t.deepEqual(first?.gap(), { from: 1, to: 3 })
})

test('lives are bounded: the one not heard of for longest goes, if nothing of it is missing', (t) => {
  const lives = new Lives({ own: { publisher: 'self', epoch: 1 }, livesMax: 3 })
  const [a, b] = ['a', 'b'].map((publisher) => lives.follow({ publisher, epoch: 1 }))
  a?.noteNewest(5)
  if (b !== undefined) lives.keep(b, rumorOf(1, 'b'))
  t.truthy(lives.follow({ publisher: 'c', epoch: 1 }))
  t.is(lives.find({ publisher: 'b', epoch: 1 }), undefined)
  t.is(lives.find({ publisher: 'a', epoch: 1 }), a)
  lives.follow({ publisher: 'c', epoch: 1 })?.noteNewest(1)
  t.is(lives.follow({ publisher: 'd', epoch: 1 }), undefined, 'something of each is missing')
})

test('the rumors kept are bounded in bytes, all lives together', (t) => {
  const own = { publisher: 'self', epoch: 1 }
  const lives = new Lives({ own, keptBytesMax: 20_000 })
  for (let number = 1; number <= 100; number++) {
    for (const publisher of ['a', 'b', 'c']) {
      const log = lives.follow({ publisher, epoch: 1 }) as PublisherLog
      lives.keep(log, rumorOf(number, publisher))
    }
    let bytes = 0
    for (const publisher of ['a', 'b', 'c']) {
      bytes += lives.find({ publisher, epoch: 1 })?.bytes ?? 0
    }
    t.true(bytes <= 20_000)
  }
  t.deepEqual(
    lives.heads().map(({ number }) => number),
    [100, 100, 100],
  )
})
