import test from 'ava'
import { type Faults, NO_FAULTS } from '../../../sim/faults/faults.ts'
import { unleash, worldFor } from '../../../sim/faults/unleash.ts'
import { createWorld, type World } from '../../../sim/world.ts'

const NODES = 20

async function worldOf(faults: Partial<Faults>, seed = 1): Promise<[World, Faults]> {
  const all: Faults = { ...NO_FAULTS, ...faults }
  const world = await createWorld({ seed, nodes: NODES, ...worldFor(all, { seed, nodes: NODES }) })
  return [world, all]
}

async function unleashed(faults: Partial<Faults>, seed?: number): Promise<World> {
  const [world, all] = await worldOf(faults, seed)
  await world.run(() => unleash(world, all))
  return world
}

const living = (world: World) => world.nodes.filter((node) => node.isLiving).length

test('whatever happens, in the end the world is whole but for those who died or left', async (t) => {
  const { nodes, network, storage } = await unleashed({
    bounce: 1,
    hang: 1,
    slow: 1,
    clog: 1,
    partition: 3,
    sourceStall: 2,
    loss: 0.01,
    rumorLate: 0.1,
    sourceError: 0.1,
  })
  t.true(nodes.every(({ life }) => life.state === 'running'))
  t.true(nodes.some(({ epoch }) => epoch > 1))
  t.deepEqual([network.rules, storage.rules], [[], []])
  const [first] = nodes
  t.true(nodes.every(({ peer }) => peer === first?.peer || network.isReachable(first!.peer, peer)))
})

test('so many die, leave and join as was said, and who is spared lives', async (t) => {
  t.is(living(await unleashed({ dead: 0.2 })), NODES - 4)
  const [world] = await worldOf({ dead: 0.2 })
  const seen = world.node(0).mesh.status().peers
  t.is(seen, NODES - 1, 'the dead are known to the others at the start')
  const left = living(await unleashed({ crash: 0.2, leave: 0.1 }))
  t.true(left < NODES && left >= NODES - 6, `${left} are left`)
  t.is(living(await unleashed({ join: 0.25 })), NODES + 5)
  const only = await unleashed({ crash: 1, spared: 3 })
  t.true(only.nodes.slice(0, 3).every((node) => node.isLiving))
})

test('who joins is known to the others in the end', async (t) => {
  const world = await unleashed({ join: 0.1, forMs: 2_000 })
  await world.run(() => world.sleep(1_000))
  t.true(world.nodes.every((node) => node.mesh.status().peers === NODES + 1))
})

test('the same seed strikes the same nodes at the same time, another one others', async (t) => {
  const struck = async (seed: number) => {
    const world = await unleashed({ bounce: 1, crash: 0.2, hang: 0.5 }, seed)
    return [world.clock.elapsedMs, ...world.nodes.map((node) => [node.epoch, node.isLiving])]
  }
  const [first, again, other] = [await struck(4), await struck(4), await struck(5)]
  t.deepEqual(first, again)
  t.notDeepEqual(first, other)
})
