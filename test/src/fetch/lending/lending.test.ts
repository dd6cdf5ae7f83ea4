import test from 'ava'
import { PotluckError } from '../../../../src/base/errors.ts'
import { keyOf } from '../../../../src/block/key.ts'
import { floorOf, stampAt } from '../../../../src/block/stamp.ts'
import { Lending } from '../../../../src/fetch/lending/lending.ts'
import type { Block, PeerId, Reply, Request } from '../../../../src/ports/messages.ts'
import type { Network } from '../../../../src/ports/network.ts'
import { ENTRY_BYTES } from '../../../../src/shard/shard.ts'
import { blockOf, FetchBench, VOLUME, wantOf } from '../fetch-bench.ts'
import { BLOCK_BYTES, meshOf, readBytes, total, truth } from '../../node/mesh.ts'

const FILES = 96

/** Of these the homes have room for less than their own, and all together for all. */
const tight = {
  ramBytes: 15 * (BLOCK_BYTES + ENTRY_BYTES),
  volume: { blockBytes: BLOCK_BYTES, inlineBytes: 0, ahead: 'none' as const },
  tree: (tree: { makeFile(path: string, init: { size: number }): unknown }) => {
    for (let i = 0; i < FILES; i++) tree.makeFile(`d/f${i}`, { size: BLOCK_BYTES })
  },
}

test('what a home has no room for is kept by others, and found there', async (t) => {
  const world = await meshOf(8, tight)
  await world.run(async () => {
    for (let i = 0; i < FILES; i++) await readBytes(world.node(i % 8), `d/f${i}`)
    await world.sleep(1_000)
    const before = world.storage.counts.read
    for (let i = 0; i < FILES; i++) {
      const path = `d/f${i}`
      t.true((await readBytes(world.node((i + 3) % 8), path)).equals(truth(world, path)))
    }
    const reads = world.storage.counts.read - before
    t.true(reads <= FILES * 0.05, `${reads} files were read off the source again`)
  })
  t.true(total(world, 'lending_lent_total') > 0)
  t.is(total(world, 'lending_lent_total'), total(world, 'lending_kept_total'))
  t.is(total(world, 'blocks_corrupt_total') + total(world, 'blocks_stale_total'), 0)
  for (const node of world.nodes) t.true(node.heldBytes() <= tight.ramBytes)
  await world.stop()
})

test('what was lent and then changed at the source is not shown as it was', async (t) => {
  const world = await meshOf(8, tight)
  await world.run(async () => {
    for (let i = 0; i < FILES; i++) await readBytes(world.node(i % 8), `d/f${i}`)
    for (let i = 0; i < FILES; i += 32) {
      const path = `d/f${i}`
      world.tree.write(path)
      await world.node(1).invalidate(path)
      await world.sleep(100)
      t.true((await readBytes(world.node(5), path)).equals(truth(world, path)))
    }
  })
  await world.stop()
})

/** The lending of a bench among many peers, of whom a test says who takes what. */
function lendingTo(
  bench: FetchBench,
  answer: (peer: PeerId, request: Request) => Promise<Reply>,
): Lending {
  const network: Network = { request: answer, handle: () => {}, queuedBytes: () => 0 }
  const { shard, floors } = bench
  return new Lending({ ...bench.ports, network, shard, floors })
}

const done: Reply = { type: 'done' }
const settled = () => new Promise(setImmediate)

test('where all near a key are full, its block is kept in another part of the key space', async (t) => {
  const bench = new FetchBench({ peers: 200 })
  const key = keyOf(wantOf())
  const full = new Set(bench.table.closest(key, 40).map(({ peer }) => peer))
  const asked: string[] = []
  const lending = lendingTo(bench, async (peer) => {
    asked.push(peer)
    if (full.has(peer)) throw new PotluckError('BUSY', 'there is no room')
    return done
  })
  lending.evicted(key, blockOf('bytes'), wantOf())
  await settled()
  const keeper = lending.to(key) ?? ''
  t.true(keeper !== '' && !full.has(keeper), asked.join(' '))
  t.is(asked.length, new Set(asked).size)
  t.true(full.has(asked[0] ?? ''))
})

test('who has no room is not asked again soon, but who finds a block damaged is', async (t) => {
  for (const code of ['BUSY', 'CORRUPT'] as const) {
    const bench = new FetchBench({ peers: 1 })
    let asked = 0
    const lending = lendingTo(bench, async () => {
      asked += 1
      throw new PotluckError(code, 'no')
    })
    for (const inode of ['1', '2']) {
      const before = asked
      lending.evicted(keyOf(wantOf({ inode })), blockOf('bytes'), wantOf({ inode }))
      await settled()
      t.is(asked > before, inode === '1' || code === 'CORRUPT', code)
    }
  }
})

test('of many peers without room those are forgotten first that may soonest have some', async (t) => {
  const bench = new FetchBench({ peers: 400 })
  const asked: PeerId[] = []
  const lending = lendingTo(bench, async (peer) => {
    asked.push(peer)
    throw new PotluckError('BUSY', 'there is no room')
  })
  for (let i = 0; i < 40; i++) {
    const want = wantOf({ inode: String(i) })
    lending.evicted(keyOf(want), blockOf('bytes'), want)
    await settled()
  }
  t.true(asked.length > 200, 'more are full than are remembered')
  for (const [i, peer] of asked.entries())
    t.false(asked.slice(Math.max(0, i - 128), i).includes(peer))
})

test('what is out of date is not lent', async (t) => {
  const bench = new FetchBench({ peers: 8 })
  const lent: Block[] = []
  const lending = lendingTo(bench, async (_, request) => {
    if (request.type === 'keep') lent.push(request.block)
    return done
  })
  bench.floors.raise({ volume: VOLUME, inode: '7', stamp: 5 })
  for (const stamp of [4, 5]) lending.evicted(keyOf(wantOf()), blockOf('bytes', stamp), wantOf())
  await settled()
  t.deepEqual(
    lent.map(({ stamp }) => stamp),
    [5],
  )
})

test('what comes back damaged is not handed out, and counted', async (t) => {
  const bench = new FetchBench({ peers: 8 })
  const block = { ...blockOf('bytes'), checksum: 1 }
  const lending = lendingTo(bench, async (_, request) =>
    request.type === 'keep' ? done : { type: 'answer', answer: { type: 'block', block } },
  )
  lending.evicted(keyOf(wantOf()), blockOf('bytes'), wantOf())
  await settled()
  const { signal } = new AbortController()
  t.is(await lending.bring(keyOf(wantOf()), wantOf(), signal), undefined)
  t.is(bench.counters.get('blocks_corrupt_total'), 1)
  t.is(bench.counters.get('lending_lost_total'), 1)
})

const page = wantOf({ kind: 'page', version: 0 })
const HOUR = stampAt(3_600_000)
const bad = [
  ['with a wrong checksum', wantOf(), () => ({ ...blockOf('bytes'), checksum: 1 }), 'corrupt'],
  ['that is no page, though a page is wanted', page, () => blockOf('no page', 1, 0), 'corrupt'],
  ['with damaged xattrs', wantOf({ kind: 'xattrs' }), () => blockOf('no xattrs'), 'corrupt'],
  [
    'from the far future',
    wantOf(),
    (bench: FetchBench) => blockOf('bytes', bench.stamps.tick() + 2 * HOUR),
    'corrupt',
  ],
  ['that is older than what was told of its file', wantOf(), () => blockOf('bytes', 2), 'stale'],
] as const

for (const [what, want, make, verdict] of bad) {
  test(`a block ${what} is not kept for anybody, and counted like an answer`, (t) => {
    const bench = new FetchBench({ peers: 8 })
    if (verdict === 'stale') bench.floors.raise({ volume: VOLUME, inode: '7', stamp: 5 })
    t.throws(() => bench.fetcher.lending.keep(want, make(bench)), { code: 'CORRUPT' })
    t.is(bench.counters.get(`blocks_${verdict}_total`), 1)
    t.is(bench.counters.get('lending_kept_total'), 0)
    t.false(bench.shard.has(keyOf(want)))
    t.is(bench.fetcher.peek(want), undefined)
  })
}

test('a good block is kept where wants look for it, and its stamp taken note of', (t) => {
  const bench = new FetchBench({ peers: 8 })
  const stamp = floorOf(bench.stamps.tick() + HOUR / 4)
  const block = blockOf('bytes', stamp, 3)
  bench.fetcher.lending.keep(wantOf(), block)
  t.deepEqual(bench.fetcher.peek(wantOf({ version: 3 })), block)
  t.true(floorOf(bench.stamps.tick()) > stamp)
})

test('a peer that lends what is damaged, or of a volume that is not here, is told so', async (t) => {
  const networks: Network[] = []
  const world = await meshOf(2, {
    instrument: (inside) => {
      networks.push(inside.ports.network)
      return inside
    },
  })
  const of = {
    volume: `data@${BLOCK_BYTES}`,
    kind: 'page',
    inode: '0',
    index: 0,
    splits: 0,
  } as const
  const block = blockOf('no page', 1, 0)
  await world.run(async () => {
    const keep = (volume: string) =>
      networks[0]?.request(world.node(1).peer, { type: 'keep', of: { ...of, volume }, block })
    await t.throwsAsync(async () => keep(of.volume), { code: 'CORRUPT' })
    await t.throwsAsync(async () => keep('other@1'), { code: 'UNKNOWN_VOLUME' })
    const path = 'lib/pkg1/mod1.py'
    t.true((await readBytes(world.node(1), path)).equals(truth(world, path)))
  })
  t.is(total(world, 'blocks_corrupt_total'), 1)
  await world.stop()
})
