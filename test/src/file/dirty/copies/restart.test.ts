// A writer in write-back mode that starts again at once: what its life before had written, and peers have
// copies of, comes to the source before what it writes now, however soon that is.
import test from 'ava'
import type { World } from '../../../../../sim/world.ts'
import { meshOf } from '../../../node/mesh.ts'
import { Hand } from '../../../node/writing/hand.ts'

/** Less than the lease under which a peer has copies. */
const SOON_MS = 2_500

function onSource({ tree }: World, path: string): string {
  return Buffer.from(tree.find(path).bytes ?? []).toString()
}

/** A file that was written, and whose writer has started again so long after it died. */
async function restarted(deadMs: number, isSilent: boolean) {
  const world = await meshOf(4, {
    tree: () => {},
    volume: { write: 'back', flushOnClose: false, dirtyAgeMs: 60_000 },
  })
  const [one, two] = world.nodes.map((node) => new Hand(node)) as [Hand, Hand]
  await world.run(async () => {
    await one.write(await one.create('f'), 0, 'first')
    await world.sleep(500)
    world.crash(0, { isSilent })
    await world.sleep(deadMs)
    await world.bounce(0)
  })
  return { world, one, two }
}

for (const [how, deadMs, isSilent] of [
  ['at once', 0, false],
  ['after a second', 1_000, false],
  ['after a second in which nobody noticed', 1_000, true],
] as const) {
  test(`what a writer saves that started again ${how} is not undone by what it wrote before`, async (t) => {
    const { world, one } = await restarted(deadMs, isSilent)
    await world.run(async () => {
      const handle = await one.open('f')
      await one.write(handle, 0, 'SECOND')
      await one.volume.sync(handle, { dataOnly: false })
      t.is(onSource(world, 'f'), 'SECOND')
      await world.sleep(30_000)
      t.is(onSource(world, 'f'), 'SECOND')
      t.is(await one.text('f'), 'SECOND')
    })
  })

  test(`what a writer wrote that started again ${how} is soon seen by all, itself too`, async (t) => {
    const { world, one, two } = await restarted(deadMs, isSilent)
    await world.run(async () => {
      // Read too soon, it is not there yet; but that is not what stays.
      await one.text('f')
      await world.sleep(SOON_MS)
      t.is(await one.text('f'), 'first')
      t.is(await two.text('f'), 'first')
      t.is(onSource(world, 'f'), 'first')
      await world.sleep(10_000)
      for (const { node } of [one, two]) t.is(node.status().dirty.copyBytes, 0)
    })
  })
}
