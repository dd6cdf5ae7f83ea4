import test from 'ava'
import { codeOf, PotluckError } from '../../../src/base/errors.ts'
import { checksumOf } from '../../../src/block/checksum.ts'
import { keyOf } from '../../../src/block/key.ts'
import { climb } from '../../../src/fetch/climb.ts'
import type { Answer, Want } from '../../../src/ports/messages.ts'
import { encodePage } from '../../../src/wire/page.ts'
import { attributesOf, SimTree } from '../../../sim/storage/tree.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'
import { blockOf, FetchBench, textOf, wantOf } from './fetch-bench.ts'

const HEDGE_MS = 100
const good: Answer = { type: 'block', block: blockOf('good', 5) }

function climbing(bench: FetchBench, want: Want = wantOf(), signal = new AbortController().signal) {
  return climb(bench.ports, { key: keyOf(want), want, signal, hedgeAfterMs: () => HEDGE_MS })
}

async function textBrought(bench: FetchBench, want?: Want): Promise<string> {
  const result = await bench.run(climbing(bench, want))
  return result.type === 'answered' ? textOf(result.answer) : 'exhausted'
}

const damaged = (block = blockOf('damaged', 5)) => {
  const bytes = Uint8Array.from(block.bytes)
  bytes[0] = (bytes[0] as number) ^ 1
  return { type: 'block', block: { ...block, bytes } } as const
}

test('where nobody is closer nobody is asked', async (t) => {
  const bench = new FetchBench()
  const result = await climbing(bench)
  t.deepEqual(result, { type: 'exhausted', wasBusy: false })
})

test('one who is slow gets a second one beside it, and the first answer wins', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  const [first, second] = bench.order()
  let isStopped = false
  bench.script(first, (want, signal) => {
    signal.addEventListener('abort', () => (isStopped = true))
    return bench.after(60_000, good)(want, signal)
  })
  bench.script(second, bench.after(10, { type: 'block', block: blockOf('second', 5) }))
  t.is(await textBrought(bench), 'second')
  t.is(bench.clock.elapsedMs, HEDGE_MS + 10)
  t.true(isStopped)
  t.is(bench.counters.get('fetch_hedges_total'), 1)
  t.is(bench.asked.length, 2)
  t.is(bench.ports.looks.size, 0, 'nothing is left behind')
})

test('one who was hedged and is dead is passed over from then on, however soon the second came', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  const [first, second] = bench.order()
  bench.script(first, bench.after(60_000, good))
  bench.silent.add(first ?? '')
  bench.script(second, bench.after(10, { type: 'block', block: blockOf('second', 5) }))
  t.is(await textBrought(bench), 'second')
  await bench.clock.run(1_000)
  t.true(bench.ports.suspects.has(first ?? ''))
  t.is(await textBrought(bench), 'second')
  t.deepEqual(
    bench.asked.map(({ peer }) => peer),
    [first, second, second],
  )
})

test('the slow one may still win', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  const [first, second] = bench.order()
  bench.script(first, bench.after(HEDGE_MS + 50, good))
  bench.script(second, bench.after(60_000, good))
  t.is(await textBrought(bench), 'good')
  t.is(bench.clock.elapsedMs, HEDGE_MS + 50)
})

test('what each peer has to do for this node is known, and forgotten when it is done', async (t) => {
  const bench = new FetchBench({ peers: 200 })
  bench.fallback = bench.after(10, good)
  const wants = Array.from({ length: 40 }, (_, index) => wantOf({ index }))
  const climbs = Promise.all(wants.map((want) => climbing(bench, want)))
  const asked = new Set(bench.asked.map(({ peer }) => peer))
  t.is(bench.ports.loads.size, asked.size)
  const loads = [...asked].map(bench.ports.loads.of)
  t.is(
    loads.reduce((sum, load) => sum + load, 0),
    bench.asked.length,
  )
  await bench.run(climbs)
  t.is(bench.ports.loads.size, 0)
})

test('who answers in time is not hedged', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  bench.fallback = bench.after(HEDGE_MS - 1, good)
  await textBrought(bench)
  await bench.clock.run(1000)
  t.is(bench.asked.length, 1)
  t.is(bench.counters.get('fetch_hedges_total'), 0)
})

test('a damaged block is asked for anew, counted, and never handed out', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  const [first] = bench.order()
  bench.script(first, async (want) =>
    want.floor > 5 ? { ...good, block: blockOf('anew', 6) } : damaged(),
  )
  t.is(await textBrought(bench), 'anew')
  t.is(bench.counters.get('blocks_corrupt_total'), 1)
  t.deepEqual(
    bench.asked.map(({ peer, want }) => [peer, want.floor]),
    [
      [first, 0],
      [first, 6],
    ],
  )
})

test('one who has nothing but damaged blocks is passed over', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  const [first, second] = bench.order()
  bench.script(first, async () => damaged())
  bench.script(second, bench.after(1, good))
  t.is(await textBrought(bench), 'good')
  t.deepEqual(
    bench.asked.map(({ peer }) => peer),
    [first, first, second],
  )
})

test('nobody’s damaged blocks are handed out, though all of the mesh has nothing else', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  bench.fallback = async () => damaged()
  t.is(await textBrought(bench), 'exhausted')
})

test('a page with a sound checksum that is no page is damaged, too', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  const want = wantOf({ kind: 'page', version: 0 })
  const [first, second] = bench.order(want)
  const self = attributesOf(new SimTree(new VirtualClock()).root)
  const bytes = encodePage({ self, splits: 0, total: 0, entries: [] })
  const block = { stamp: 5, version: 0, checksum: checksumOf(bytes), bytes }
  bench.script(first, async () => ({ type: 'block', block: blockOf('no page', 5, 0) }))
  bench.script(second, async () => ({ type: 'block', block }))
  const result = await bench.run(climbing(bench, want))
  t.is(result.type, 'answered')
  // Asked again, it says the same.
  t.is(bench.counters.get('blocks_corrupt_total'), 2)
})

test('a stamp from the far future is damage: it would outlast every invalidation', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  const [first, second] = bench.order()
  const future = bench.stamps.tick() + 4096 * 100 * 3_600_000
  bench.script(first, async () => ({ type: 'block', block: blockOf('future', future) }))
  bench.script(second, bench.after(1, good))
  t.is(await textBrought(bench), 'good')
  t.true(
    bench.asked.every(({ want }) => want.floor === 0),
    'nor does it poison the floor',
  )
})

test('a stale copy, or one of another version, is not taken', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  const [first, second, third] = bench.order()
  bench.script(first, async () => ({ type: 'block', block: blockOf('stale', 5) }))
  bench.script(second, async () => ({ type: 'block', block: blockOf('other', 50, 2) }))
  bench.script(third, bench.after(1, { type: 'block', block: blockOf('fresh', 12) }))
  t.is(await textBrought(bench, wantOf({ floor: 10 })), 'fresh')
  // Each of the two when it was asked, and when it was asked again.
  t.is(bench.counters.get('blocks_stale_total'), 4)
})

test('a busy peer’s referrals are asked for what they hold, and only for that', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  const [first] = bench.order()
  const referrals = ['r1', 'r2', 'self', 'r3', 'r4']
  bench.script(first, async () => ({ type: 'busy', referrals }))
  bench.script('r1', async () => ({ type: 'missing' }))
  bench.script('r2', bench.after(1, good))
  t.is(await textBrought(bench), 'good')
  t.deepEqual(
    bench.asked.map(({ peer, want }) => [peer, want.reach]),
    [
      [first, 'climb'],
      ['r1', 'held'],
      ['r2', 'held'],
    ],
  )
})

test('that peers were busy is told where nobody had the block', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  bench.fallback = async () => ({ type: 'busy', referrals: [] })
  t.deepEqual(await bench.run(climbing(bench)), { type: 'exhausted', wasBusy: true })
  const other = new FetchBench({ peers: 20 })
  other.fallback = async () => {
    throw new PotluckError('BUSY', 'too many fetches')
  }
  t.deepEqual(await other.run(climbing(other)), { type: 'exhausted', wasBusy: true })
})

test('giving up stops what is under way at once', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  bench.fallback = bench.after(60_000, good)
  const controller = new AbortController()
  const code = climbing(bench, wantOf(), controller.signal).catch(codeOf)
  await bench.clock.run(HEDGE_MS + 1)
  controller.abort()
  t.is(await code, 'ABORTED')
  await bench.clock.run(1)
  t.is(bench.asked.length, 2)
  t.is(bench.ports.looks.size, 0)
})

test('the file being another one by now is an answer', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  const attributes = attributesOf(new SimTree(new VirtualClock()).makeFile('f', { size: 1 }))
  bench.fallback = bench.after(1, { type: 'changed', attributes, stamp: 9 })
  t.is(await textBrought(bench), 'changed')
})

test('one who is silent is passed over soon, without the connection being given up', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  const [first, second] = bench.order()
  bench.silent.add(first!)
  bench.script(first, bench.after(60_000, good))
  bench.script(second, bench.after(10, { type: 'block', block: blockOf('second', 5) }))
  const task = { key: keyOf(wantOf()), want: wantOf(), signal: new AbortController().signal }
  const slowToHedge = climb(bench.ports, { ...task, hedgeAfterMs: () => 10_000 })
  const result = await bench.run(slowToHedge)
  t.is(result.type === 'answered' ? textOf(result.answer) : 'exhausted', 'second')
  t.true(bench.clock.elapsedMs < 1_000, `${bench.clock.elapsedMs} ms`)
  bench.asked.length = 0
  await textBrought(bench)
  t.deepEqual(
    bench.asked.map(({ peer }) => peer),
    [second],
    'it is not even asked the next time',
  )
})

test('where all who are closer are silent nobody is waited for', async (t) => {
  const bench = new FetchBench({ peers: 3 })
  bench.fallback = bench.after(60_000, good)
  for (const peer of bench.order()) bench.silent.add(peer)
  t.is(await textBrought(bench), 'exhausted')
  t.true(bench.clock.elapsedMs < 2_000, `${bench.clock.elapsedMs} ms`)
})

test('one who is slow, and alive, is waited for', async (t) => {
  const bench = new FetchBench({ peers: 1 })
  bench.fallback = bench.after(25_000, good)
  t.is(await textBrought(bench), bench.order().length === 0 ? 'exhausted' : 'good')
  t.is(bench.counters.get('fetch_suspects_total'), 0)
})

test('a silent one that answers in the end still counts', async (t) => {
  const bench = new FetchBench({ peers: 20 })
  const [first] = bench.order()
  bench.silent.add(first!)
  bench.fallback = bench.after(60_000, { type: 'block', block: blockOf('late', 5) })
  bench.script(first, bench.after(1_000, good))
  t.is(await textBrought(bench), 'good')
})
