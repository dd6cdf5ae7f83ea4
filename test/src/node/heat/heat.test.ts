import test from 'ava'
import { HEAT } from '../../../../src/node/heat/heat-status.ts'
import { VOLUME, type World } from '../../../../sim/world.ts'
import type { WorldNode } from '../../../../sim/world-node.ts'
import { BLOCK_BYTES, meshOf, readBytes, truth } from '../mesh.ts'
import { Hand } from '../writing/hand.ts'

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

const WRITTEN = 'lib/pkg1/mod9.py'
const cool = { ...heat, pinAbove: 0.5, unpinBelow: 0.1 }

/** Writes for a while by a handle that stays open, and returns it. */
async function writeOften(world: World, hand: Hand, everyMs: number): Promise<number> {
  const handle = await hand.open(WRITTEN)
  for (let i = 0; i < 40; i++) {
    await hand.write(handle, i, 'x')
    await world.sleep(everyMs)
  }
  return handle
}

const isPinned = ({ mesh }: WorldNode) =>
  mesh.heat?.status().files.some(({ path, copies }) => path === WRITTEN && copies > 0)

test('what is only written is hot, too, and on the source once it has cooled', async (t) => {
  const volume = { write: 'back', flushOnClose: false, dirtyAgeMs: 3_600_000 } as const
  const world = await meshOf(6, { heat: cool, ramBytes: 64 * BLOCK_BYTES, volume })
  const hand = new Hand(world.node(0))
  await world.run(async () => {
    const handle = await writeOften(world, hand, 500)
    t.deepEqual(world.nodes.map(isPinned), Array(6).fill(true))
    await hand.write(handle, 0, 'end')
    t.is(hand.node.status().dirty.bytes, 40)
    await world.sleep(60_000)
    t.deepEqual(world.nodes.map(isPinned), Array(6).fill(false))
    t.is(hand.node.status().dirty.bytes, 0)
    t.is(truth(world, WRITTEN).toString('latin1', 0, 4), 'endx')
  })
  await world.stop()
})

test('a pinned file that changes all the time is brought once it is still, not at each change', async (t) => {
  const volume = { write: 'through' } as const
  const world = await meshOf(6, { heat: cool, ramBytes: 64 * BLOCK_BYTES, volume })
  const blocks = Math.ceil(truth(world, WRITTEN).length / BLOCK_BYTES)
  const reads = () => [...world.storage.blockReads.values()].reduce((sum, n) => sum + n, 0)
  const held = () => world.nodes.reduce((sum, { mesh }) => sum + mesh.gauges().pinnedBytes, 0)
  await world.run(async () => {
    await writeOften(world, new Hand(world.node(0)), 1_500)
    t.deepEqual(world.nodes.map(isPinned), Array(6).fill(true))
    t.true(reads() <= 4 * blocks, `${reads()} reads for ${blocks} blocks`)
    await world.sleep(5_000)
    t.true(held() > truth(world, WRITTEN).length)
    t.true(reads() <= 5 * blocks, `${reads()} reads for ${blocks} blocks`)
  })
  await world.stop()
})
