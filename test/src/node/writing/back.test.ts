// Write-back between simulated nodes: what is answered is seen by everyone, survives its writer, and
// ends on the source.
import test from 'ava'
import type { World, WorldInit } from '../../../../sim/world.ts'
import { meshOf } from '../mesh.ts'
import { Hand } from './hand.ts'

/** Long enough for a rumor to be everywhere. */
const RUMOR_MS = 500

async function backMesh(
  nodes: number,
  { volume, ...init }: Partial<WorldInit> = {},
): Promise<{ world: World; hands: Hand[] }> {
  const world = await meshOf(nodes, {
    tree: () => {},
    ...init,
    volume: { write: 'back', flushOnClose: false, dirtyAgeMs: 60_000, ...volume },
  })
  return { world, hands: world.nodes.map((node) => new Hand(node)) }
}

/** What the source has. */
function onSource({ tree }: World, path: string): string {
  return Buffer.from(tree.find(path).bytes ?? []).toString()
}

test('what is written is seen at once here and after the rumor elsewhere, and not yet on the source', async (t) => {
  const { world, hands } = await backMesh(4)
  const [one, two, three] = hands as [Hand, Hand, Hand]
  await world.run(async () => {
    for (const hand of hands) t.deepEqual(await hand.names(''), [])
    const handle = await one.create('f')
    await one.write(handle, 0, 'hello')
    await one.write(handle, 5, ' all')
    t.is(onSource(world, 'f'), '')
    t.is(await one.text('f'), 'hello all')
    t.is((await one.node.stat('f')).size, 9)
    t.is(one.node.status().dirty.bytes, 9)
    await world.sleep(RUMOR_MS)
    t.is(await two.text('f'), 'hello all')
    t.is(onSource(world, 'f'), 'hello all')
    t.is(one.node.status().dirty.bytes, 0)
    await one.write(handle, 0, 'HELLO')
    await world.sleep(RUMOR_MS)
    t.is((await three.node.stat('f')).size, 9)
    t.is(await three.text('f'), 'HELLO all')
    t.is(await two.text('f'), 'HELLO all')
    one.close(handle)
  })
})

test('where the writer dies, whoever has the copies puts them on the source', async (t) => {
  const { world, hands } = await backMesh(4)
  const [one, two] = hands as [Hand, Hand]
  await world.run(async () => {
    const handle = await one.create('f')
    await one.write(handle, 0, 'hello')
    await one.write(handle, 5, ' all')
    await world.sleep(RUMOR_MS)
    t.is(onSource(world, 'f'), '')
    world.crash(0)
    t.is(await two.text('f'), 'hello all')
    t.is(onSource(world, 'f'), 'hello all')
  })
})
