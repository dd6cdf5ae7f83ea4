import test from 'ava'
import type { World } from '../../../sim/world.ts'
import { everyoneReads, meshOf, readAll, sourceLoad, total } from './mesh.ts'

/** Bytes of all files; the pages come on top. */
const treeBytes = (world: World) =>
  world.tree.files().reduce((sum, path) => sum + world.tree.find(path).size, 0)

/** Looks at every shard each millisecond, until the world's run is over. */
function watchShards(world: World): { fullest: number; stop: () => void } {
  const watch = { fullest: 0, stop: () => void (isOver = true) }
  let isOver = false
  const look = () => {
    for (const node of world.nodes) {
      const { usedBytes, capacityBytes } = node.status().ram
      watch.fullest = Math.max(watch.fullest, usedBytes / capacityBytes)
    }
    if (!isOver) world.clock.after(1, look)
  }
  look()
  return watch
}

test('shards of a quarter of the tree: none overflows, and the mesh keeps the tree', async (t) => {
  const probe = await meshOf(1)
  const world = await meshOf(16, { ramBytes: treeBytes(probe) >> 2 })
  const watch = watchShards(world)
  await world.run(everyoneReads)
  await world.run(everyoneReads)
  watch.stop()
  t.true(watch.fullest > 0.9 && watch.fullest <= 1, `at most ${watch.fullest} full`)
  t.true(total(world, 'shard_evictions_total') > 0)
  const { readsPerBlock } = sourceLoad(world)
  t.log(`${readsPerBlock.toFixed(3)} source reads per block, everything read twice by all`)
  t.true(readsPerBlock <= 1.2, `${readsPerBlock} reads per block`)
})

test('a mesh too small for the tree still reads it right', async (t) => {
  const probe = await meshOf(1)
  const world = await meshOf(4, { ramBytes: treeBytes(probe) >> 5 })
  const watch = watchShards(world)
  await world.run(everyoneReads)
  watch.stop()
  t.true(watch.fullest <= 1)
})

test('one node with the source: the others read through it, once', async (t) => {
  const world = await meshOf(12, { withSource: (index) => index === 6 })
  await world.run(everyoneReads)
  t.is(sourceLoad(world).readsPerBlock, 1)
  t.is(sourceLoad(world).listsPerDirectory, 1)
})

test('three nodes with the source, of which one dies: the others read on', async (t) => {
  const world = await meshOf(12, { withSource: (index) => index < 3 })
  await world.run(async () => {
    const reading = [3, 4, 5, 6, 7].map((index) => readAll(world, index, world.tree.files()))
    await world.sleep(150)
    world.crash(1)
    await Promise.all(reading)
  })
  t.true(sourceLoad(world).readsPerBlock <= 1.2)
})

test('no node with the source: a clear error, and no endless search', async (t) => {
  const world = await meshOf(6, { withSource: () => false })
  await world.run(() => t.throwsAsync(world.node(0).stat('lib'), { code: 'NO_SOURCE' } as never))
  t.true(world.clock.elapsedMs < 1_000)
})
