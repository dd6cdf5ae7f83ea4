import test from 'ava'
import type { SimTree } from '../../../../sim/storage/tree.ts'
import type { World } from '../../../../sim/world.ts'
import { meshOf, readAll, total } from '../../node/mesh.ts'
import { objectOf } from './objects.ts'

const DEPTH = 12

/** Libraries stacked on one another, as `libs/lib0.so` needs `lib1.so.1` and so on, and some beside. */
function stacked(tree: SimTree): void {
  const runPath = '$ORIGIN/../more'
  for (let i = 0; i < DEPTH; i++) {
    const needed = [`lib${i + 1}.so.1`, 'libc.so.6']
    const directory = i % 2 === 0 ? 'libs' : 'more'
    const bytes = objectOf({ needed, runPath, size: 48 * 1024 })
    tree.makeFileOf(`${directory}/lib${i}.so.1.${i}`, bytes)
    tree.makeSymlink(`${directory}/lib${i}.so.1`, `lib${i}.so.1.${i}`)
  }
  for (let i = 0; i < 40; i++) tree.makeFile(`libs/unused${i}.so.9`, { size: 48 * 1024 })
  tree.makeSymlink(`libs/lib${DEPTH}.so.1`, '../../outside.so')
}

const CHAIN = Array.from({ length: DEPTH }, (_, i) => {
  return `${i % 2 === 0 ? 'libs' : 'more'}/lib${i}.so.1.${i}`
})

async function loading(ahead: 'none' | 'first-run'): Promise<{ world: World; ms: number }> {
  const world = await meshOf(4, { tree: stacked, volume: { ahead } })
  const startMs = world.clock.elapsedMs
  // A loader binds what it has loaded before it looks for the next.
  for (const path of CHAIN) {
    await world.run(() => readAll(world, 0, [path]))
    await world.run(() => world.sleep(2))
  }
  return { world, ms: world.clock.elapsedMs - startMs }
}

test('libraries that a library needs are here before the loader asks for them', async (t) => {
  const without = await loading('none')
  const { world, ms } = await loading('first-run')
  t.log(`${without.ms.toFixed(0)} ms without, ${ms.toFixed(0)} ms with what the objects say`)
  t.true(ms < without.ms * 0.75)
  t.is(total(world, 'linked_objects_failed_total'), 0)
  t.is(total(world, 'prefetches_used_total'), total(world, 'prefetches_total'))
  // Nothing of what lies beside them, and every byte once.
  t.is(world.storage.counts.read, without.world.storage.counts.read)
})
