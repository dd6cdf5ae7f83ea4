import test from 'ava'
import type { SimTree } from '../../../../sim/storage/tree.ts'
import type { World } from '../../../../sim/world.ts'
import type { Path } from '../../../../src/ports/messages.ts'
import { meshOf, readAll, total } from '../../node/mesh.ts'

/** Packages of some modules each, with other files and a large one beside them. */
function packages(tree: SimTree): void {
  for (let d = 0; d < 10; d++) {
    for (let f = 0; f < 8; f++) tree.makeFile(`lib/p${d}/m${f}.pyc`, { size: 3_000 + f })
    for (let f = 0; f < 8; f++) tree.makeFile(`lib/p${d}/m${f}.py`, { size: 3_000 })
    tree.makeFile(`lib/p${d}/large.pyc`, { size: 1_000_000 })
  }
  for (let f = 0; f < 40; f++) tree.makeFile(`lib/many/m${f}.pyc`, { size: 3_000 })
  for (let f = 0; f < 200; f++) tree.makeFile(`lib/most/m${f}.pyc`, { size: 3_000 })
}

const modules = (directory: string, count: number): Path[] =>
  Array.from({ length: count }, (_, f) => `lib/${directory}/m${f}.pyc`)

const START = Array.from({ length: 10 }, (_, d) => modules(`p${d}`, 8)).flat()

async function worldOf(ahead: 'none' | 'first-run'): Promise<World> {
  return meshOf(4, { tree: packages, volume: { ahead } })
}

async function timeOf(world: World, paths: readonly Path[]): Promise<number> {
  const startMs = world.clock.elapsedMs
  await world.run(() => readAll(world, 0, paths))
  return world.clock.elapsedMs - startMs
}

test('the files beside one that was read are here when they are asked for', async (t) => {
  const withoutMs = await timeOf(await worldOf('none'), START)
  const world = await worldOf('first-run')
  const withMs = await timeOf(world, START)
  t.log(`${withoutMs.toFixed(0)} ms without, ${withMs.toFixed(0)} ms with neighbours`)
  t.true(withMs < withoutMs * 0.6)
  t.is(total(world, 'prefetches_used_total'), total(world, 'prefetches_total'))
  t.is(world.storage.counts.read, START.length)
})

test('the more there are, the more must have been read; of a large directory nothing is', async (t) => {
  const fetchedAfter = async (paths: readonly Path[]) => {
    const world = await worldOf('first-run')
    await timeOf(world, paths)
    await world.run(() => world.sleep(100))
    return total(world, 'prefetches_total')
  }
  t.is(await fetchedAfter(modules('many', 1)), 0)
  t.is(await fetchedAfter(modules('many', 2)), 38)
  t.is(await fetchedAfter(modules('most', 6)), 0)
})

test('a node that looks at nothing ahead fetches nothing that nobody asked for', async (t) => {
  const world = await worldOf('none')
  await timeOf(world, START)
  t.is(total(world, 'prefetches_total'), 0)
})
