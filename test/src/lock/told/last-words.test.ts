import test from 'ava'
import { LastWords } from '../../../../src/lock/told/last-words.ts'
import { keeperOf } from '../../../../src/lock/roll/roll.ts'
import type { Member, Roll } from '../../../../src/ports/locks.ts'
import type { RumorHead } from '../../../../src/ports/messages.ts'
import { MAX_LOCK_HEADS } from '../../../../src/wire/limits.ts'

const [SELF, OTHER, THIRD] = ['self', 'other', 'third'].map((peer): Member => ({ peer, epoch: 1 }))
const ASKER: Member = { peer: 'asker', epoch: 1 }

type Keepers = readonly (Member | undefined)[]

function rollOf(number: number, keepers: Keepers, previous: Keepers = []): Roll {
  const all = (some: Keepers) => some.filter((one) => one !== undefined)
  return { founder: SELF as Member, number, keepers: all(keepers), previous: all(previous) }
}

/** An inode that this one keeps among those. */
function placeOf(keeper: Member | undefined, keepers: Keepers) {
  const { keepers: all } = rollOf(1, keepers)
  for (let i = 0; i < 1_000; i++) {
    const place = { volume: 'v', inode: String(i) }
    if (keeperOf(all, place) === keeper) return place
  }
  throw new Error('nobody keeps so little')
}

function begin(roll: Roll, hasStayed: boolean) {
  let now = 1_000
  const words = new LastWords({ self: SELF as Member, now: () => ++now })
  words.adopted(roll, { hasStayed, isKept: () => true })
  return words
}

const head = (publisher: string, number: number, epoch = 1): RumorHead => {
  return { publisher, epoch, number }
}
const KEEP_ALL = { hasStayed: true, isKept: () => true }
const KEEP_NONE = { hasStayed: true, isKept: () => false }

test('who gets a lock is told what all before it said, and nothing of itself', (t) => {
  const words = begin(rollOf(1, [SELF]), false)
  const place = placeOf(SELF, [SELF])
  words.note(place, { told: 5, heads: [head('a', 3), head(ASKER.peer, 9)] })
  words.note(place, { told: 4, heads: [head('a', 2), head('b', 1)] })
  const { told, heads, since } = words.of(place, ASKER)
  t.deepEqual([told, since], [5, 0])
  t.deepEqual(heads, [head('a', 3), head('b', 1)])
})

test('what was said in a life before is told beside what is said in this one, and to that peer too', (t) => {
  const words = begin(rollOf(1, [SELF]), false)
  const place = placeOf(SELF, [SELF])
  const [a, own] = [head('a', 7, 0), head(ASKER.peer, 4, 0)]
  words.note(place, { told: 0, heads: [a, own] })
  words.note(place, { told: 0, heads: [head('a', 1), head(ASKER.peer, 1)] })
  t.deepEqual(words.of(place, ASKER).heads, [a, own, head('a', 1)])
  const roll = rollOf(2, [OTHER], [SELF])
  t.is(words.adopted(roll, KEEP_NONE)?.heads.length, 4)
})

test('of an inode that nobody has locked whoever locks it looks again, and at nothing else', (t) => {
  const words = begin(rollOf(1, [SELF]), false)
  const { told, heads, since } = words.of(placeOf(SELF, [SELF]), ASKER)
  t.true(told > 1_000)
  t.deepEqual([heads, since], [[], 0])
})

test('what was said to the keeper before goes on, where it hands over', (t) => {
  const [both, before] = [
    [SELF, OTHER],
    [SELF, OTHER, THIRD],
  ]
  const place = placeOf(THIRD, before)
  const words = begin(rollOf(2, both, before), true)
  words.said(THIRD as Member, { told: 7, heads: [head('a', 3)] })
  // By its own word the asker knows less than there is.
  words.note(place, { told: 2, heads: [head(ASKER.peer, 1)] })
  t.deepEqual(words.of(place, ASKER), { told: 7, heads: [head('a', 3)], since: 0 })
})

test('what was said to a keeper that is dead is out of date from the first question on', (t) => {
  const [both, before] = [
    [SELF, OTHER],
    [SELF, OTHER, THIRD],
  ]
  for (const notes of [0, 1]) {
    const words = begin(rollOf(2, both, before), true)
    const place = placeOf(THIRD, before)
    if (notes > 0) words.note(place, { told: 2, heads: [head('a', 1)] })
    const { since, told } = words.of(place, ASKER)
    t.true(since > 1_000)
    t.true(told >= since)
    t.is(words.of(place, ASKER).since, since, 'and no later than that')
  }
})

test('a keeper hands over what others keep now, and of what it does not know says nothing', (t) => {
  const words = begin(rollOf(1, [SELF]), false)
  const place = placeOf(OTHER, [SELF, OTHER])
  words.note(place, { told: 5, heads: [head('a', 3)] })
  const roll = rollOf(2, [SELF, OTHER], [SELF])
  t.deepEqual(words.adopted(roll, KEEP_NONE), { told: 5, heads: [head('a', 3)] })
  t.deepEqual(words.adopted(rollOf(3, [SELF], [SELF, OTHER]), KEEP_ALL), { told: 0, heads: [] })
  // The other one was not asked, or is dead.
  t.is(words.adopted(rollOf(4, [OTHER], [SELF]), KEEP_NONE), undefined)
})

test('who joins gives nothing: however many do, one after another, all is known', (t) => {
  const words = begin(rollOf(1, [SELF]), false)
  const fourth: Member = { peer: 'fourth', epoch: 1 }
  const all = [SELF, OTHER, THIRD, fourth]
  for (let number = 2; number <= all.length; number++) {
    const roll = rollOf(number, all.slice(0, number), all.slice(0, number - 1))
    words.adopted(roll, KEEP_ALL)
  }
  t.is(words.of(placeOf(SELF, all), ASKER).since, 0)
})

test('a keeper hands nothing over where somebody died with a lock, or it is more than can be said', (t) => {
  const roll = rollOf(2, [OTHER], [SELF])
  const died = begin(rollOf(1, [SELF]), false)
  died.died(placeOf(SELF, [SELF]))
  t.is(died.adopted(roll, KEEP_NONE), undefined)
  const many = begin(rollOf(1, [SELF]), false)
  for (let i = 0; i <= MAX_LOCK_HEADS; i++) {
    many.note({ volume: 'v', inode: String(i) }, { told: 1, heads: [head(`p${i}`, 1)] })
  }
  t.is(many.adopted(roll, KEEP_NONE), undefined)
})

test('who missed rolls says nothing, and believes nothing of its own', (t) => {
  const words = begin(rollOf(1, [SELF]), false)
  const place = placeOf(SELF, [SELF])
  words.note(place, { told: 5, heads: [head('a', 3)] })
  const missed = { hasStayed: false, isKept: () => false }
  t.is(words.adopted(rollOf(5, [SELF], [SELF]), missed), undefined)
  t.true(words.of(place, ASKER).since > 0)
})
