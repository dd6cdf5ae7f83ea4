import test from 'ava'
import { codeOf, PotluckError } from '../../../src/base/errors.ts'
import { keyOf, positionOf } from '../../../src/block/key.ts'
import type { Answer } from '../../../src/ports/messages.ts'
import { SimTree } from '../../../sim/storage/tree.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'
import { TreeSource } from '../authority/tree-source.ts'
import { blockOf, FetchBench, textOf, wantOf } from './fetch-bench.ts'

const good: Answer = { type: 'block', block: blockOf('good') }
const NONE = new PotluckError('NO_SOURCE', 'not mounted here')

/** This node is the home of the key, and has no source. */
function homeWithoutSource(): FetchBench {
  const bench = new FetchBench({ peers: 40, isHome: true })
  bench.fallback = bench.after(1, NONE)
  return bench
}

const peersOf = (bench: FetchBench) =>
  bench.table.closest('\0'.repeat(32), 40).map(({ peer }) => peer)

test('a home without the source asks until it finds one that has it, and remembers it', async (t) => {
  const bench = homeWithoutSource()
  const holder = peersOf(bench).at(-1)
  bench.script(holder, bench.after(1, good))
  t.is(textOf((await bench.run(bench.fetcher.fetch(wantOf()))).answer), 'good')
  t.true(bench.asked.every(({ want }) => want.reach === 'source'))
  bench.asked.length = 0
  await bench.run(bench.fetcher.readSource(wantOf({ index: 1 })))
  t.deepEqual(
    bench.asked.map(({ peer }) => peer),
    [holder],
  )
})

test('a holder that is gone is forgotten, and another one found', async (t) => {
  const bench = homeWithoutSource()
  const [a, b] = peersOf(bench)
  bench.script(a, bench.after(1, good))
  await bench.run(bench.fetcher.readSource(wantOf()))
  bench.script(a, bench.after(1, new PotluckError('UNREACHABLE', 'dead')))
  bench.script(b, bench.after(1, good))
  t.is(textOf((await bench.run(bench.fetcher.readSource(wantOf({ index: 1 })))).answer), 'good')
})

test('where nobody has the source the asker is told so', async (t) => {
  const bench = homeWithoutSource()
  t.is(await bench.run(bench.fetcher.fetch(wantOf()).catch(codeOf)), 'NO_SOURCE')
})

test('who has just started and knows nobody waits for somebody who has it; later, no more', async (t) => {
  const bench = new FetchBench()
  const fetching = bench.fetcher.fetch(wantOf())
  await bench.clock.run(5_000)
  bench.fallback = bench.after(1, good)
  bench.table.add({ peer: 'p', position: positionOf('p') })
  t.is(textOf((await bench.run(fetching)).answer), 'good')
  const lone = new FetchBench()
  const start = lone.clock.elapsedMs
  t.is(await lone.run(lone.fetcher.fetch(wantOf()).catch(codeOf)), 'NO_SOURCE')
  const waitedMs = lone.clock.elapsedMs - start
  t.true(waitedMs >= 10_000 && waitedMs < 11_000, `${waitedMs}`)
  t.is(await lone.run(lone.fetcher.fetch(wantOf()).catch(codeOf)), 'NO_SOURCE')
  t.true(lone.clock.elapsedMs - start - waitedMs < 100)
})

test('an error of the source is final', async (t) => {
  const bench = homeWithoutSource()
  bench.fallback = bench.after(1, new PotluckError('EACCES', 'no'))
  t.is(await bench.run(bench.fetcher.fetch(wantOf()).catch(codeOf)), 'EACCES')
  t.is(bench.asked.length, 1)
})

test('a holder that is busy is not taken for one that has no source', async (t) => {
  const bench = homeWithoutSource()
  const [a, b] = peersOf(bench)
  let refusals = 3
  bench.script(a, async () => {
    if (refusals-- > 0) throw new PotluckError('BUSY', 'too many fetches')
    return good
  })
  bench.script(b, async () => ({ type: 'busy', referrals: [] }))
  t.is(textOf((await bench.run(bench.fetcher.readSource(wantOf()))).answer), 'good')
})

test('a damaged block of a holder is not taken', async (t) => {
  const bench = homeWithoutSource()
  const bad = { ...blockOf('bad'), checksum: 1 }
  bench.fallback = async () => ({ type: 'block', block: bad })
  t.is(await bench.run(bench.fetcher.readSource(wantOf()).catch(codeOf)), 'NO_SOURCE')
  t.true(bench.counters.get('blocks_corrupt_total') > 0)
})

const BROKEN = new PotluckError('EIO', 'the line to the source is broken')

test('one holder’s trouble with the source is not the source’s', async (t) => {
  const bench = homeWithoutSource()
  const [a, b] = peersOf(bench)
  bench.script(a, bench.after(1, BROKEN))
  bench.script(b, bench.after(1, good))
  t.is(textOf((await bench.run(bench.fetcher.readSource(wantOf()))).answer), 'good')
})

test('the trouble of three holders is the source’s', async (t) => {
  const bench = homeWithoutSource()
  bench.fallback = bench.after(1, BROKEN)
  t.is(await bench.run(bench.fetcher.readSource(wantOf()).catch(codeOf)), 'EIO')
  t.is(bench.asked.length, 3)
})

test('a program of a node without the source gets a second opinion before an EIO', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  bench.fallback = bench.after(1, NONE)
  const [closer] = bench.order()
  bench.script(closer, async (want) => {
    if (want.reach === 'climb') throw BROKEN
    return good
  })
  t.is(textOf((await bench.run(bench.fetcher.fetchHere(wantOf()))).answer), 'good')
})

test('a holder that is silent is passed over', async (t) => {
  const bench = homeWithoutSource()
  const [a, b] = peersOf(bench)
  bench.silent.add(a!)
  bench.script(a, bench.after(60_000, good))
  bench.script(b, bench.after(1, good))
  t.is(textOf((await bench.run(bench.fetcher.readSource(wantOf()))).answer), 'good')
  t.true(bench.clock.elapsedMs < 1_000)
  t.is(bench.clock.pending, 0)
})

test('one that falls silent when it is asked is asked last from then on, and no more often', async (t) => {
  const bench = homeWithoutSource()
  const [a, b] = bench.table.closest(keyOf(wantOf()), 2).map(({ peer }) => peer)
  bench.silent.add(a!)
  bench.script(a, bench.after(60_000, good))
  t.is(await bench.run(bench.fetcher.readSource(wantOf()).catch(codeOf)), 'NO_SOURCE')
  const asked = bench.asked.map(({ peer }) => peer)
  const [first, second] = [asked.slice(0, 40), asked.slice(40, 80)]
  t.deepEqual([first[0], second[0], second.at(-1)], [a, b, a])
  for (const round of [first, second]) t.is(new Set(round).size, 40)
})

test('holders that were there are looked for again for a while', async (t) => {
  const bench = homeWithoutSource()
  const [a] = peersOf(bench)
  bench.script(a, bench.after(1, good))
  await bench.run(bench.fetcher.readSource(wantOf()))
  bench.script(a, async (want, signal) => {
    if (bench.clock.elapsedMs < 4_000) throw new PotluckError('UNREACHABLE', 'cut off')
    return bench.after(1, good)(want, signal)
  })
  const again = bench.fetcher.readSource(wantOf({ index: 1 }))
  t.is(textOf((await bench.run(again)).answer), 'good')
  t.true(bench.clock.elapsedMs >= 4_000)
  bench.script(a, async () => {
    throw new PotluckError('UNREACHABLE', 'gone')
  })
  const startMs = bench.clock.elapsedMs
  t.is(await bench.run(bench.fetcher.readSource(wantOf({ index: 2 })).catch(codeOf)), 'NO_SOURCE')
  t.true(bench.clock.elapsedMs - startMs < 12_000)
})

test('many who are told that a file is gone ask one more peer, and not each its own source', async (t) => {
  const tree = new TreeSource(new SimTree(new VirtualClock()))
  const bench = new FetchBench({ source: tree, peers: 20 })
  const gone = new PotluckError('ESTALE', 'another file')
  const asked: string[] = []
  bench.fallback = async (want) => {
    asked.push(want.reach)
    throw gone
  }
  t.is(await bench.run(bench.fetcher.fetchHere(wantOf()).catch(codeOf)), 'ESTALE')
  t.deepEqual(asked, ['climb', 'source'])
})

test('a file that one home does not see yet is found by the next in line', async (t) => {
  const tree = new TreeSource(new SimTree(new VirtualClock()))
  const bench = new FetchBench({ source: tree, peers: 20 })
  bench.fallback = async (want) => {
    if (want.reach === 'climb') throw new PotluckError('ENOENT', 'not here yet')
    return good
  }
  t.is(textOf((await bench.run(bench.fetcher.fetchHere(wantOf()))).answer), 'good')
})
