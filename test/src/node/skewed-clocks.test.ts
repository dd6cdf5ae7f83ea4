// A change that is told by a node whose clock is behind, after a reading by one whose clock is ahead.
import test from 'ava'
import { keyOf, positionOf } from '../../../src/block/key.ts'
import { SKEW_MS } from '../../../src/block/stamp.ts'
import { compareDistance } from '../../../src/placement/distance.ts'
import type { World } from '../../../sim/world.ts'
import { BLOCK_BYTES, meshOf } from './mesh.ts'

const DIRECTORY = 'lib/pkg3'
const PATH = `${DIRECTORY}/mod3.py`
const NODES = 8

/** The nodes from the home of the directory's page to the one farthest from it. */
function byDistance(world: World): number[] {
  const inode = String(world.tree.at(DIRECTORY)?.number)
  const volume = `data@${BLOCK_BYTES}`
  const key = keyOf({ volume, inode, kind: 'page', index: 0, splits: 0 })
  const places = world.nodes.map(({ index, peer }) => ({ index, position: positionOf(peer) }))
  return places
    .sort((a, b) => compareDistance(key, a.position, b.position))
    .map(({ index }) => index)
}

/** Whether a reader sees the change, told with the home's clock so far ahead of the teller's. */
async function isSeen(aheadMs: number): Promise<boolean> {
  const [home] = byDistance(await meshOf(NODES))
  const world = await meshOf(NODES, { skewMs: (index) => (index === home ? aheadMs : 0) })
  const order = byDistance(world)
  const teller = order.at(-1) ?? 0
  return world.run(async () => {
    await world.node(teller).stat(PATH)
    // The teller has heard nothing of the home's clock since long ago when the page is read again.
    await world.sleep(10_000)
    for (const index of order.slice(0, -1)) await world.bounce(index)
    await world.sleep(2_000)
    const reader = world.node(order[1] ?? 0)
    await reader.stat(PATH)
    world.tree.write(PATH, 12_345)
    await world.node(teller).invalidate(PATH)
    await world.sleep(50)
    return (await reader.stat(PATH)).size === 12_345
  })
}

test('clocks may differ by half a second, and a change that is told is seen', async (t) => {
  for (const aheadMs of [0, 100, SKEW_MS - 1, -SKEW_MS]) t.true(await isSeen(aheadMs), `${aheadMs}`)
})

test('where they differ by more it may be missed, until the page is checked', async (t) => {
  t.false(await isSeen(4 * SKEW_MS))
})
