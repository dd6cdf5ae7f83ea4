import test from 'ava'
import { floorOf, stampAt } from '../../../../src/block/stamp.ts'
import type { NewsEntry } from '../../../../src/ports/messages.ts'
import {
  countsOver,
  type NameFact,
  outdoneBy,
  ToldNames,
} from '../../../../src/tree/news/told-names.ts'
import { attributesOf, SimTree } from '../../../../sim/storage/tree.ts'
import { VirtualClock } from '../../../../sim/engine/virtual-clock.ts'

const tree = new SimTree(new VirtualClock())
const entries = ['a', 'b'].map((name): NewsEntry => {
  return { attributes: attributesOf(tree.makeFile(name, { size: 1 })) }
})

function namesWith() {
  const raised: { directory: string; floor: number }[] = []
  const names = new ToldNames({ raise: (directory, floor) => raised.push({ directory, floor }) })
  return { names, raised }
}

const changed = attributesOf(tree.root)

const fact = (ms: number, by: string, entry?: NewsEntry): NameFact => {
  return { entry, stamp: floorOf(stampAt(ms)), by, changed }
}

/** One that has its directory as it was with all facts here. */
const pageOf = (stamp: number) => ({ stamp, page: { self: changed } })

test('the later of one publisher’s changes counts, however they arrive', (t) => {
  const { names } = namesWith()
  t.is(names.learn('1', 'n', fact(1_000, 'p', entries[0])), 'new')
  t.is(names.learn('1', 'n', fact(1_001, 'p')), 'new')
  t.is(names.learn('1', 'n', fact(1_000, 'p', entries[0])), 'known')
  t.is(names.learn('1', 'n', fact(1_001, 'p')), 'known')
  t.is(names.find('1', 'n')?.entry, undefined)
  t.is(names.size, 1)
})

test('two publishers are in doubt where their clocks can’t tell, and only if it matters', (t) => {
  const { names } = namesWith()
  names.learn('1', 'n', fact(1_000, 'p', entries[0]))
  t.is(names.learn('1', 'n', fact(1_400, 'q')), 'doubtful')
  t.is(names.learn('1', 'n', fact(1_200, 'r', entries[1])), 'doubtful')
  t.is(names.learn('1', 'n', fact(1_500, 'r')), 'new')
  t.is(names.learn('1', 'n', fact(2_001, 'p', entries[1])), 'new')
  t.is(names.learn('1', 'n', fact(1_200, 'r', entries[0])), 'known')
  t.is(names.find('1', 'n')?.entry, entries[1])
})

test('a doubt outlasts the next change of either publisher, as long as clocks can’t tell', (t) => {
  const { names } = namesWith()
  names.learn('1', 'n', fact(1_000, 'p', entries[0]))
  t.is(names.learn('1', 'n', fact(1_100, 'q', entries[1])), 'doubtful')
  names.settle('1', 'n', stampAt(1_600))
  // It may be earlier than what p told.
  t.is(names.learn('1', 'n', fact(1_200, 'q')), 'doubtful')
  t.is(names.find('1', 'n')?.rival?.by, 'p')
  t.is(names.learn('1', 'n', fact(1_000, 'p', entries[0])), 'known', 'told twice is told once')
  t.is(names.learn('1', 'n', fact(1_501, 'q', entries[1])), 'new')
  t.is(names.find('1', 'n')?.rival, undefined)
  t.is(names.find('1', 'n')?.settled, undefined)
})

test('where something changed and nobody said what, pages read for that count again', (t) => {
  const { names } = namesWith()
  names.learn('1', 'n', fact(1_000, 'p', entries[0]))
  names.learn('1', 'm', fact(1_200, 'p', entries[0]))
  const told = floorOf(stampAt(1_100))
  const counts = (name: string) => countsOver(names.find('1', name) as NameFact, pageOf(told))
  t.deepEqual([counts('n'), counts('m')], [true, true])
  names.settleAll('1', told)
  t.deepEqual([counts('n'), counts('m')], [false, true])
})

test('what is forgotten raises the floor of its directory above it', (t) => {
  const { names, raised } = namesWith()
  for (let i = 0; i < 4_097; i++) names.learn('1', `n${i}`, fact(1_000 + i, 'p', entries[0]))
  t.deepEqual(raised, [{ directory: '1', floor: outdoneBy(floorOf(stampAt(1_000 + 2_047))) }])
  t.is(names.size, 4_097 - 2_048)
  t.is(names.find('1', 'n2047'), undefined)
  t.truthy(names.find('1', 'n2048'))
  for (let d = 2; d < 18; d++) {
    for (let i = 0; i < 2_000; i++) names.learn(`${d}`, `n${i}`, fact(9_000, 'p', entries[0]))
  }
  t.true(names.size <= 32_768)
  t.is(raised.at(-1)?.directory, '1')
})

test('a change that took long may have been made before what others told meanwhile', (t) => {
  const { names } = namesWith()
  const late = { ...fact(9_000, 'q', entries[1]), begun: floorOf(stampAt(2_000)) }
  names.learn('1', 'n', fact(4_000, 'p', entries[0]))
  t.is(names.learn('1', 'n', late), 'doubtful')
  t.is(names.learn('1', 'n', fact(9_600, 'p')), 'new')
  names.learn('1', 'm', fact(1_400, 'p', entries[0]))
  t.is(names.learn('1', 'm', late), 'new', 'it was begun when the other was over')
})

test('a page that has its directory as it was later counts, where clocks can’t tell', (t) => {
  const told = fact(1_000, 'p', entries[0])
  const self = { ...changed, ctimeSeconds: changed.ctimeSeconds + 1 }
  const counts = (ms: number, page: { self: typeof changed }) =>
    countsOver(told, { stamp: stampAt(ms), page })
  t.true(counts(1_600, { self: changed }), 'as it was: the page may have been read before')
  t.false(counts(1_600, { self }))
  t.false(counts(501, { self }))
  t.true(counts(499, { self }), 'older beyond doubt, whatever the source’s clock says')
  t.false(counts(2_001, { self: changed }))
})
