import test from 'ava'
import { everyoneReads, meshOf, readAll, shuffled, sourceLoad, total } from './mesh.ts'

test('16 nodes read 200 files at once, and the source is read once', async (t) => {
  const world = await meshOf(16)
  await world.run(everyoneReads)
  const { readsPerBlock, listsPerDirectory, directories } = sourceLoad(world)
  t.is(readsPerBlock, 1)
  t.is(listsPerDirectory, 1)
  t.is(directories, 22)
})

test('all in the same order, as a start-up goes, and the source is still read once', async (t) => {
  const world = await meshOf(16)
  const files = world.tree.files()
  await world.run(() => Promise.all(world.nodes.map(({ index }) => readAll(world, index, files))))
  t.is(sourceLoad(world).readsPerBlock, 1)
  t.is(sourceLoad(world).listsPerDirectory, 1)
})

test('150 nodes with Kademlia tables instead of the whole list read the source once', async (t) => {
  const world = await meshOf(150, { routing: { everybodyUpTo: 16, bucketSize: 4, splitBits: 0 } })
  const some = shuffled(world, 0).slice(0, 20)
  await world.run(() => Promise.all(world.nodes.map(({ index }) => readAll(world, index, some))))
  t.true(world.nodes.every((node) => node.status().peers < 149))
  t.is(sourceLoad(world).readsPerBlock, 1)
  t.is(sourceLoad(world).listsPerDirectory, 1)
})

test('small files that come with their page cost the source one read, and peers none', async (t) => {
  const world = await meshOf(8, { volume: { inlineBytes: 4096 } })
  const small = world.tree.files().filter((path) => world.tree.find(path).size <= 4096)
  await world.run(() => Promise.all(world.nodes.map(({ index }) => readAll(world, index, small))))
  t.true(small.length >= 10)
  t.is(sourceLoad(world).readsPerBlock, 1)
  t.is(total(world, 'source_data_reads_total'), 0)
})

test('a directory of 5,000 names is split, and each part is listed once', async (t) => {
  const world = await meshOf(8, {
    tree: (tree) => {
      for (let i = 0; i < 5_000; i++) tree.makeFile(`big/f${i}`, { size: 1 })
    },
  })
  await world.run(() =>
    Promise.all(
      world.nodes.map(async (node) => {
        t.is((await node.listDirectory('big')).length, 5_000)
        t.is((await node.stat(`big/f${node.index}`)).size, 1)
        await t.throwsAsync(node.stat(`big/g${node.index}`), { message: /no such file/ })
      }),
    ),
  )
  // The head, and as many parts as there are.
  t.is(world.storage.lists.get('big'), 1 + Math.ceil(5_000 / 1_024))
})

test('absent names are answered by the page: the source is asked for none of them', async (t) => {
  const world = await meshOf(8)
  await world.run(() =>
    Promise.all(
      world.nodes.map(async (node) => {
        for (let i = 0; i < 20; i++) {
          await t.throwsAsync(node.stat(`lib/pkg0/no${i}.so`), { message: /no such file/ })
        }
      }),
    ),
  )
  t.is(sourceLoad(world).listsPerDirectory, 1)
  t.is(sourceLoad(world).directories, 3)
})

test('of what is hot, a node asks nobody again', async (t) => {
  const world = await meshOf(8)
  await world.run(everyoneReads)
  const before = world.trace.count
  await world.run(() => readAll(world, 3, shuffled(world, 3)))
  t.is(world.trace.count, before)
})

test('the same seed gives the same run, to the bit, and another seed another', async (t) => {
  const run = async (seed: number) => {
    const world = await meshOf(12, { seed })
    await world.run(everyoneReads)
    return world.hash()
  }
  const [first, again, other] = [await run(5), await run(5), await run(6)]
  t.is(first, again)
  t.not(first, other)
})

test('a stopped node leaves no timer behind', async (t) => {
  const world = await meshOf(8)
  await world.run(everyoneReads)
  await world.run(() => world.node(0).invalidate('lib/pkg0/mod0.py'))
  for (const node of world.nodes) {
    await world.run(() => node.mesh.stop())
    t.is(node.life.timers, 0, `node ${node.index}`)
  }
})
