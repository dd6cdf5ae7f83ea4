import test from 'ava'
import { HEAT } from '../../../../src/node/heat/heat-status.ts'
import { VOLUME, type World } from '../../../../sim/world.ts'
import type { WorldNode } from '../../../../sim/world-node.ts'
import { BLOCK_BYTES, meshOf, readBytes, truth } from '../mesh.ts'

const HOT = 'lib/pkg3/mod7.py'
const heat = { ...HEAT, halfLifeMs: 5_000 }

/** Reads a file this often, one time after another. */
async function readOften(world: World, node: WorldNode, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await readBytes(node, HOT)
    await world.sleep(50)
  }
}

const hotFileAt = (node: WorldNode) =>
  node.mesh.heat?.status().files.find(({ path }) => path === HOT)

test('a file that is read often is pinned by its homes, seen on all nodes, and let go again', async (t) => {
  const world = await meshOf(8, { heat, ramBytes: 64 * BLOCK_BYTES })
  await world.run(async () => {
    await Promise.all(world.nodes.slice(0, 3).map((node) => readOften(world, node, 100)))
    await world.sleep(2_000)
    const blocks = Math.ceil(truth(world, HOT).length / BLOCK_BYTES)
    const seen = world.nodes.map(hotFileAt)
    t.deepEqual(
      seen.map((file) => file?.pinnedFor),
      world.nodes.map(() => ['heat']),
    )
    const held = seen.reduce((sum, file) => sum + (file?.blocksHeld ?? 0), 0)
    t.is(held, blocks * (seen[0]?.copies ?? 0))
    t.true((seen[0]?.meshPerSecond ?? 0) > 10)
    await world.sleep(60_000)
    t.deepEqual(
      world.nodes.map((node) => hotFileAt(node)?.pinnedFor ?? []),
      world.nodes.map(() => []),
    )
    t.is(Math.max(...world.nodes.map((node) => node.mesh.gauges().pinnedBytes)), 0)
  })
  await world.stop()
})

test('what was pinned by hand before all nodes were stopped is pinned again where one remembers it', async (t) => {
  const path = 'lib/pkg1'
  const wish = { volume: `${VOLUME}@${BLOCK_BYTES}`, path, isPinned: true, wishedMs: 1 }
  const kept: unknown[] = []
  const world = await meshOf(6, {
    heat,
    ramBytes: 64 * BLOCK_BYTES,
    instrument: ({ ports, init }, { index }) => {
      if (index !== 4) return { ports, init: { ...init, onWishes: (all) => kept.push(all) } }
      return { ports, init: { ...init, wishes: [wish] } }
    },
  })
  await world.run(async () => {
    await world.sleep(45_000)
    const wishes = world.nodes.map((node) => node.mesh.heat?.status().wishes)
    t.deepEqual(wishes, Array(6).fill([wish]))
    t.true(world.nodes.some((node) => node.mesh.gauges().pinnedBytes > 0))
    t.deepEqual(kept, Array(5).fill([wish]))
  })
  await world.stop()
})
