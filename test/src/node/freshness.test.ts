import test from 'ava'
import { lose } from '../../../sim/network/rules.ts'
import type { SimTree } from '../../../sim/storage/tree.ts'
import type { World } from '../../../sim/world.ts'
import {
  BLOCK_BYTES,
  everyoneReads,
  everyoneReadsOne,
  meshOf,
  readBytes,
  sourceLoad,
  total,
  truth,
} from './mesh.ts'

const PATH = 'lib/pkg3/mod3.py'
const REVALIDATE_MS = 300_000

async function everyoneSees(world: World, path: string): Promise<boolean[]> {
  return Promise.all(
    world.nodes.map((node) =>
      node.stat(path).then(
        () => true,
        () => false,
      ),
    ),
  )
}

test('who invalidates sees the change at once, everybody else a moment later', async (t) => {
  const world = await meshOf(16)
  await world.run(async () => {
    await everyoneReadsOne(world, PATH)
    world.tree.write(PATH, 12_345)
    await world.node(5).invalidate(PATH)
    t.deepEqual(await readBytes(world.node(5), PATH), truth(world, PATH))
    await world.sleep(50)
    await everyoneReadsOne(world, PATH)
  })
  t.is(sourceLoad(world).readsPerBlock, 1)
})

test('a change of the same size, within one instant, is seen too', async (t) => {
  const world = await meshOf(8)
  await world.run(async () => {
    await everyoneReadsOne(world, PATH)
    for (let i = 0; i < 5; i++) {
      world.tree.write(PATH)
      await world.node(i).invalidate(PATH)
      await world.sleep(50)
      t.is(await everyoneReadsOne(world, PATH), 8)
    }
  })
})

test('names that come, go and move are seen by all, absent ones too', async (t) => {
  const world = await meshOf(8)
  const [gone, fresh, moved] = ['lib/pkg3/mod1.py', 'lib/pkg3/new.py', 'lib/pkg3/mod2.py']
  await world.run(async () => {
    t.deepEqual(new Set(await everyoneSees(world, gone)), new Set([true]))
    t.deepEqual(new Set(await everyoneSees(world, fresh)), new Set([false]))
    world.tree.remove(gone)
    world.tree.makeFile(fresh, { size: 100 })
    world.tree.rename(moved, PATH)
    await world.node(2).invalidate('lib/pkg3')
    await world.sleep(50)
    t.deepEqual(new Set(await everyoneSees(world, gone)), new Set([false]))
    t.deepEqual(new Set(await everyoneSees(world, fresh)), new Set([true]))
    t.deepEqual(new Set(await everyoneSees(world, moved)), new Set([false]))
    await everyoneReadsOne(world, PATH)
  })
})

test('a whole volume can be invalidated', async (t) => {
  const world = await meshOf(8)
  await world.run(async () => {
    await everyoneReads(world)
    for (const path of world.tree.files()) world.tree.write(path)
    await world.node(0).invalidate('', { recursive: true })
    await world.sleep(50)
    await everyoneReads(world)
  })
  t.is(sourceLoad(world).readsPerBlock, 1)
})

test('most rumors lost: the gaps are noticed and repaired within seconds', async (t) => {
  const world = await meshOf(12)
  world.network.rules.push(lose(world.random.fork('loss'), 0.7, ['gossip']))
  await world.run(async () => {
    for (let i = 0; i < 10; i++) {
      const path = `lib/pkg${i}/mod${i}.py`
      await everyoneReadsOne(world, path)
      world.tree.write(path)
      await world.node(i).invalidate(path)
    }
    await world.sleep(20_000)
    for (let i = 0; i < 10; i++) await everyoneReadsOne(world, `lib/pkg${i}/mod${i}.py`)
  })
  t.true(total(world, 'rumor_repairs_total') > 0)
})

test('no gossip at all: numbers are compared, and the news arrives within a minute', async (t) => {
  const world = await meshOf(8)
  world.network.rules.push(lose(world.random.fork('loss'), 1, ['gossip']))
  await world.run(async () => {
    await everyoneReadsOne(world, PATH)
    world.tree.write(PATH)
    await world.node(1).invalidate(PATH)
    await world.sleep(120_000)
    t.is(await everyoneReadsOne(world, PATH), 8)
  })
})

test('a publisher that dies with its rumor: others pass it on', async (t) => {
  const world = await meshOf(12)
  const publisher = world.node(4)
  const lucky = world.node(7).peer
  world.network.rules.push(({ kind, from, to }) =>
    kind === 'gossip' && from === publisher.peer && to !== lucky
      ? { type: 'drop' }
      : { type: 'pass' },
  )
  await world.run(async () => {
    await everyoneReadsOne(world, PATH)
    world.tree.write(PATH)
    await publisher.invalidate(PATH)
    await world.sleep(50)
    world.crash(4)
    await world.sleep(120_000)
    t.is(await everyoneReadsOne(world, PATH), 11)
  })
})

test('a side of a partition that missed rumors has them after the repair', async (t) => {
  const world = await meshOf(8)
  await world.run(async () => {
    await everyoneReadsOne(world, PATH)
    world.partition((index) => (index < 4 ? 0 : 1))
    await world.sleep(10_000)
    world.tree.write(PATH)
    await world.node(0).invalidate(PATH)
    world.repair()
    await world.sleep(60_000)
    t.is(await everyoneReadsOne(world, PATH), 8)
  })
})

test('what nobody tells is noticed after one revalidation period, by one node for all', async (t) => {
  const world = await meshOf(12, { volume: { revalidateMs: REVALIDATE_MS } })
  await world.run(async () => {
    await everyoneReads(world)
    const listsBefore = world.storage.counts.readdir
    world.tree.write(PATH)
    await world.sleep(REVALIDATE_MS + 1_000)
    await everyoneReadsOne(world, PATH)
    // Root, lib and the package: one list each, whatever the number of nodes.
    t.is(world.storage.counts.readdir - listsBefore, 3)
    // The files themselves are not read again: their pages show that they are the same.
    await everyoneReads(world)
  })
  t.is(sourceLoad(world).readsPerBlock, 1)
})

test('coherence static never looks again', async (t) => {
  const world = await meshOf(4, { volume: { coherence: 'static' } })
  await world.run(async () => {
    await everyoneReads(world)
    const before = { ...world.storage.counts }
    await world.sleep(10 * REVALIDATE_MS)
    await everyoneReads(world)
    t.deepEqual(world.storage.counts, before)
  })
})

test('nobody goes back in time while a file is written, told and read again and again', async (t) => {
  const world = await meshOf(8)
  const seen = new Map<string, number>()
  const generationOf = (bytes: Buffer) => {
    for (let g = world.tree.find(PATH).generation; g > 0; g--) {
      if (bytes.equals(truth(world, PATH, g))) return g
    }
    return 0
  }
  let isOver = false
  const watch = async (index: number) => {
    while (!isOver) {
      const generation = generationOf(await readBytes(world.node(index), PATH))
      t.true(generation >= (seen.get(`${index}`) ?? 1), `node ${index} went back to ${generation}`)
      seen.set(`${index}`, generation)
      await world.sleep(1)
    }
  }
  await world.run(async () => {
    const watching = world.nodes.map(({ index }) => watch(index))
    for (let i = 0; i < 30; i++) {
      world.tree.write(PATH)
      await world.node(i % 8).invalidate(PATH)
      await world.sleep(7)
    }
    await world.sleep(500)
    isOver = true
    await Promise.all(watching)
  })
  t.deepEqual(
    [...seen.values()],
    Array.from({ length: 8 }, () => 31),
  )
})

test('a file written while it is read is not kept as a mixture of two states', async (t) => {
  const path = 'two-blocks'
  const tree = (made: SimTree) => void made.makeFile(path, { size: 2 * BLOCK_BYTES })
  const world = await meshOf(2, { tree })
  let reads = 0
  world.storage.rules.push(({ kind }) => {
    reads += kind === 'read' ? 1 : 0
    return kind === 'read' && reads === 2 ? { type: 'stall', untilMs: 500 } : undefined
  })
  await world.run(async () => {
    const reading = readBytes(world.node(0), path)
    await world.sleep(300)
    world.tree.write(path)
    await reading
    // What is kept under the old version must be of the old version, all of it.
    const bytes = await readBytes(world.node(1), path)
    t.true([1, 2].some((generation) => truth(world, path, generation).equals(bytes)))
  })
})

test('an open file shows nothing older than what was told, though it came with its page', async (t) => {
  const world = await meshOf(4, { volume: { inlineBytes: 65_536 } })
  await world.run(async () => {
    const { volume } = world.node(1)
    const [lib, pkg] = [await volume.lookup(1, 'lib'), 'pkg3']
    const directory = await volume.lookup(lib.nodeid, pkg)
    const { nodeid } = await volume.lookup(directory.nodeid, 'mod3.py')
    const { handle } = await volume.open(nodeid)
    const read = async () => Buffer.concat(await volume.read(handle, { from: 0, length: 99_999 }))
    t.deepEqual(await read(), truth(world, PATH))
    world.tree.write(PATH)
    // Node 1 hears of it at once, and can't find out yet what there is instead.
    world.storage.rules.push(() => ({ type: 'stall', untilMs: 3_000 }))
    const telling = world.node(0).invalidate(PATH)
    await world.sleep(50)
    t.deepEqual(await read(), truth(world, PATH))
    await telling
  })
})

test('what a home finds changed behind the mesh’s back is told to all', async (t) => {
  const world = await meshOf(8)
  await world.run(async () => {
    for (const node of world.nodes) await node.stat(PATH)
    world.tree.write(PATH, 4_321)
    await readBytes(world.node(2), PATH)
    await world.sleep(100)
    for (const node of world.nodes) t.is((await node.stat(PATH)).size, 4_321)
  })
})
