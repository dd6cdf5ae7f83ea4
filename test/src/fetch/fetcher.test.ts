import test from 'ava'
import { codeOf, PotluckError } from '../../../src/base/errors.ts'
import { versionOf } from '../../../src/block/version.ts'
import { keyOf } from '../../../src/block/key.ts'
import { floorOf } from '../../../src/block/stamp.ts'
import type { Answer, Block, Want } from '../../../src/ports/messages.ts'
import { attributesOf, SimTree } from '../../../sim/storage/tree.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'
import { TreeSource } from '../authority/tree-source.ts'
import { blockOf, FetchBench, textOf, VOLUME, wantOf } from './fetch-bench.ts'

const good: Answer = { type: 'block', block: blockOf('good') }
const dead = new PotluckError('UNREACHABLE', 'dead')

/** A source with one file, and the want of its one block. */
function sourceOf(size = 10): { source: TreeSource; tree: SimTree; want: Want } {
  const tree = new SimTree(new VirtualClock())
  const { inode, ...rest } = attributesOf(tree.makeFile('f', { size }))
  const version = versionOf({ inode, ...rest })
  return { source: new TreeSource(tree), tree, want: wantOf({ inode, version }) }
}

/** What is here of it is of no use any more. */
function outdate({ floors, stamps }: FetchBench, { inode }: Want): void {
  floors.raise({ volume: VOLUME, inode, stamp: stamps.tick() })
}

test('a hundred who want one block at once ask for it once', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  bench.fallback = bench.after(5, good)
  const wants = Array.from({ length: 100 }, () => bench.fetcher.fetch(wantOf()))
  t.is(bench.fetcher.flights, 1)
  const all = await bench.run(Promise.all(wants))
  t.is(bench.asked.length, 1)
  t.true(all.every(({ answer }) => textOf(answer) === 'good'))
  t.is(all.filter(({ isJoined }) => isJoined !== true).length, 1, 'it is counted once')
  t.is(bench.fetcher.flights, 0)
  const again = await bench.fetcher.fetch(wantOf())
  t.is(again.tier, 'shard')
  t.is(bench.asked.length, 1)
})

test('one who leaves does not stop the others', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  bench.fallback = bench.after(5, good)
  const controller = new AbortController()
  const first = bench.fetcher.fetch(wantOf(), { signal: controller.signal }).catch(codeOf)
  const second = bench.fetcher.fetch(wantOf())
  controller.abort()
  t.is(await first, 'ABORTED')
  t.is(textOf((await bench.run(second)).answer), 'good')
  t.is(bench.asked.length, 1)
})

test('when the last one leaves the work is stopped, and a newcomer starts anew', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  const stopped: string[] = []
  bench.fallback = (want, signal) => {
    signal.addEventListener('abort', () => stopped.push(want.inode))
    return bench.after(5, good)(want, signal)
  }
  const [a, b] = [new AbortController(), new AbortController()]
  const waits = [a, b].map(({ signal }) => bench.fetcher.fetch(wantOf(), { signal }).catch(codeOf))
  a.abort()
  t.deepEqual(stopped, [])
  b.abort()
  t.deepEqual(stopped, ['7'])
  t.deepEqual(await Promise.all(waits), ['ABORTED', 'ABORTED'])
  t.is(textOf((await bench.run(bench.fetcher.fetch(wantOf()))).answer), 'good')
  t.is(bench.asked.length, 2)
  t.is(bench.fetcher.flights, 0)
})

test('the home reads the source, once for all who wait', async (t) => {
  const { source, want } = sourceOf()
  const bench = new FetchBench({ source })
  const all = await Promise.all([1, 2, 3].map(() => bench.fetcher.fetch(want)))
  t.deepEqual(
    all.map(({ tier }) => tier),
    ['source', 'source', 'source'],
  )
  t.is(source.counts.read, 1)
  t.is(bench.counters.get('source_data_reads_total'), 1)
  t.is(bench.counters.get('source_block_bytes_total'), 10)
})

test('the next peer is asked for a dead one, and the source when all are dead', async (t) => {
  const { source, want } = sourceOf()
  const bench = new FetchBench({ source, peers: 4 })
  const order = bench.order(want)
  t.true(order.length >= 2)
  bench.script(order[1], bench.after(1, { type: 'block', block: blockOf('x', 1, want.version) }))
  t.is((await bench.run(bench.fetcher.fetch(want))).tier, 'peer')
  t.deepEqual(
    bench.asked.map(({ peer }) => peer),
    order.slice(0, 2),
  )
  outdate(bench, want)
  bench.script(order[1], bench.after(1, dead))
  t.is((await bench.run(bench.fetcher.fetch(want))).tier, 'source')
})

test('where many are dead the source is read before all of the mesh was tried', async (t) => {
  const { source, want } = sourceOf()
  const bench = new FetchBench({ source, peers: 200 })
  t.true(bench.order(want).length > 30)
  bench.fallback = bench.after(2000, dead)
  t.is((await bench.run(bench.fetcher.fetch(want))).tier, 'source')
  t.true(bench.asked.length <= 8)
})

test('peers that have no such volume do not use up the tries', async (t) => {
  const bench = new FetchBench({ peers: 60 })
  const order = bench.order()
  bench.fallback = bench.after(1, new PotluckError('UNKNOWN_VOLUME', 'not here'))
  bench.script(order[20], bench.after(1, good))
  t.is(textOf((await bench.run(bench.fetcher.fetch(wantOf()))).answer), 'good')
})

test('an error of the source reaches all who wait, and is not kept', async (t) => {
  const bench = new FetchBench({ peers: 4 })
  bench.fallback = bench.after(1, new PotluckError('EACCES', 'no'))
  const codes = [1, 2].map(() => bench.fetcher.fetch(wantOf()).catch(codeOf))
  t.deepEqual(await bench.run(Promise.all(codes)), ['EACCES', 'EACCES'])
  bench.fallback = bench.after(1, good)
  t.is(textOf((await bench.run(bench.fetcher.fetch(wantOf()))).answer), 'good')
})

test('before a program is told of an error the own source is asked', async (t) => {
  const { source, want } = sourceOf()
  const bench = new FetchBench({ source, peers: 4 })
  bench.fallback = bench.after(1, new PotluckError('EIO', 'a broken mount over there'))
  t.is((await bench.run(bench.fetcher.fetchHere(want))).tier, 'source')
  t.is(bench.counters.get('fetch_second_opinions_total'), 1)
  source.tree.remove('f')
  outdate(bench, want)
  t.is(await bench.run(bench.fetcher.fetchHere(want).catch(codeOf)), 'ENOENT')
})

test('who joins a flight that brings something too old has it fetched again', async (t) => {
  const bench = new FetchBench({ peers: 8 })
  bench.fallback = (want, signal) => {
    const block = blockOf(`floor ${want.floor}`, Math.max(5, want.floor))
    return bench.after(5, { type: 'block', block })(want, signal)
  }
  const early = bench.fetcher.fetch(wantOf())
  const late = bench.fetcher.fetch(wantOf({ floor: 9 }))
  t.is(textOf((await bench.run(early)).answer), 'floor 0')
  t.is(textOf((await bench.run(late)).answer), 'floor 9')
  t.is(bench.shard.get(keyOf(wantOf()))?.stamp, 9)
})

test('an invalidation that comes while a block is under way keeps it out of the shard', async (t) => {
  const bench = new FetchBench({ peers: 8 })
  bench.fallback = bench.after(5, good)
  const fetched = bench.fetcher.fetch(wantOf())
  bench.floors.raise({ volume: VOLUME, inode: '7', stamp: 50 })
  await bench.run(fetched)
  t.false(bench.shard.has(keyOf(wantOf())))
  t.is(bench.fetcher.peek(wantOf()), undefined)
})

test('a copy below the floor is a miss, and the floor goes with the want', async (t) => {
  const bench = new FetchBench({ peers: 8 })
  bench.shard.admit(keyOf(wantOf()), blockOf('old', 4), wantOf())
  bench.floors.raise({ volume: VOLUME, inode: '7', stamp: 5 })
  bench.fallback = bench.after(1, { type: 'block', block: blockOf('new', 6) })
  t.is(textOf((await bench.run(bench.fetcher.fetch(wantOf()))).answer), 'new')
  t.is(bench.asked[0]?.want.floor, 5)
})

test('a block that comes late does not take the place of a newer one', async (t) => {
  const bench = new FetchBench({ peers: 8 })
  const [slow] = bench.order()
  bench.script(slow, bench.after(50, { type: 'block', block: blockOf('old', 4) }))
  const late = bench.fetcher.fetch(wantOf())
  bench.shard.admit(keyOf(wantOf()), blockOf('new', 6), wantOf())
  await bench.run(late)
  t.is(bench.shard.get(keyOf(wantOf()))?.stamp, 6)
})

test('wants of different versions do not share a flight', async (t) => {
  const bench = new FetchBench({ peers: 8 })
  bench.fallback = (want, signal) => {
    const block = blockOf(`version ${want.version}`, 1, want.version)
    return bench.after(5, { type: 'block', block })(want, signal)
  }
  const both = [1, 2].map((version) => bench.fetcher.fetch(wantOf({ version })))
  const texts = (await bench.run(Promise.all(both))).map(({ answer }) => textOf(answer))
  t.deepEqual(texts, ['version 1', 'version 2'])
})

test('an inode that is not at another one’s path is looked for at the own', async (t) => {
  const bench = new FetchBench({ peers: 8 })
  bench.fallback = (want, signal) => {
    const isThere = want.path === 'new name'
    return bench.after(5, isThere ? good : new PotluckError('ESTALE', 'not here'))(want, signal)
  }
  const wrong = bench.fetcher.fetch(wantOf({ path: 'old name' })).catch(codeOf)
  const right = bench.fetcher.fetch(wantOf({ path: 'new name' }))
  t.is(await bench.run(wrong), 'ESTALE')
  t.is(textOf((await bench.run(right)).answer), 'good')
})

test('busy peers are asked again, later and later, and then the source is read', async (t) => {
  const { source, want } = sourceOf()
  const bench = new FetchBench({ source, peers: 4 })
  bench.fallback = bench.after(1, { type: 'busy', referrals: [] })
  const start = bench.clock.elapsedMs
  t.is((await bench.run(bench.fetcher.fetch(want))).tier, 'source')
  t.is(bench.counters.get('fetch_busy_rounds_total'), 8)
  t.true(bench.clock.elapsedMs - start > 1000)
})

test('a page that is read off the source again is shown with what was here before', async (t) => {
  const { source, tree } = sourceOf()
  const bench = new FetchBench({ source })
  const page = wantOf({ kind: 'page', inode: '0', path: '', version: 0 })
  const first = await bench.fetcher.fetch(page)
  t.is(bench.reread.length, 0)
  tree.makeFile('g', { size: 1 })
  bench.floors.raise({ volume: VOLUME, inode: '0', stamp: bench.stamps.tick() })
  const second = await bench.fetcher.fetch(page)
  const blockIn = (answer: typeof first.answer) =>
    answer.type === 'block' ? answer.block : undefined
  const [one] = bench.reread
  if (one === undefined) return t.fail('nothing was shown')
  const { begun, ...now } = one.now
  t.deepEqual([one.before, now], [first, second].map(({ answer }) => blockIn(answer)) as Block[])
  t.is(begun, now.stamp + 1)
})

test('a peer’s stamp is taken note of: what is told afterwards is later', async (t) => {
  const bench = new FetchBench({ peers: 4 })
  const ahead = bench.stamps.tick() + 4096 * 5000
  bench.fallback = bench.after(1, { type: 'block', block: blockOf('fast clock', ahead) })
  await bench.run(bench.fetcher.fetch(wantOf()))
  t.true(floorOf(bench.stamps.tick()) > ahead)
})
