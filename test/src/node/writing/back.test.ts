// Write-back between simulated nodes: what is answered is seen by everyone, survives its writer, and
// ends on the source.
import test from 'ava'
import { failsWith } from '../../../ports/source-contract.ts'
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

test('fsync, close and what changes an inode come after what was written to it', async (t) => {
  const { world, hands } = await backMesh(3, { volume: { flushOnClose: true } })
  const [one, two] = hands as [Hand, Hand]
  await world.run(async () => {
    const handle = await one.create('f')
    await one.write(handle, 0, 'synced')
    await one.volume.sync(handle, { dataOnly: false })
    t.is(onSource(world, 'f'), 'synced')
    await one.write(handle, 6, ' and closed')
    await one.volume.flush(handle, { owner: 1n })
    t.is(onSource(world, 'f'), 'synced and closed')
    await one.write(handle, 0, 'SYNCED')
    await one.chmod('f', 0o600)
    t.is(onSource(world, 'f'), 'SYNCED and closed')
    await one.write(handle, 17, ' twice')
    await one.rename('f', 'g')
    t.is(onSource(world, 'g'), 'SYNCED and closed twice')
    t.is(await one.write(handle, 'end', '!'), 23)
    t.is(onSource(world, 'g'), 'SYNCED and closed twice!')
    await one.write(handle, 0, 'gone')
    await one.unlink('g')
    t.is(await one.read(handle), 'goneED and closed twice!')
    one.close(handle)
    await world.sleep(RUMOR_MS)
    t.deepEqual(await two.names(''), [])
    await world.sleep(30_000)
    t.is(one.node.status().dirty.files, 0)
  })
})

test('what is old goes to the source by itself, and nothing of it is left anywhere', async (t) => {
  const { world, hands } = await backMesh(3, { volume: { dirtyAgeMs: 2_000 } })
  const [one] = hands as [Hand]
  await world.run(async () => {
    const handle = await one.create('f')
    await one.write(handle, 0, 'aged')
    one.close(handle)
    await world.sleep(5_000)
    t.is(onSource(world, 'f'), 'aged')
    for (const { node } of hands) {
      t.deepEqual(node.status().dirty, { bytes: 0, files: 0, copyBytes: 0 })
    }
  })
})

test('who is alone writes through, and no longer once somebody is there', async (t) => {
  const { world, hands } = await backMesh(1, { latent: 1 })
  const [one] = hands as [Hand]
  await world.run(async () => {
    const handle = await one.create('f')
    await one.write(handle, 0, 'alone')
    t.is(onSource(world, 'f'), 'alone')
    t.is(one.node.status().counters['writes_through_total'], 1)
    await world.bounce(1)
    await world.sleep(2_000)
    await one.write(handle, 0, 'AL')
    t.is(onSource(world, 'f'), 'alone')
    t.is(await one.read(handle), 'ALone')
    one.close(handle)
    await one.node.stop()
    t.is(onSource(world, 'f'), 'ALone')
  })
})

test('more than may be dirty waits until some of it is on the source', async (t) => {
  const { world, hands } = await backMesh(2, { volume: { dirtyBytes: 100_000 } })
  const [one] = hands as [Hand]
  await world.run(async () => {
    const text = 'x'.repeat(30_000)
    for (let i = 0; i < 12; i++) {
      const handle = await one.create(`f${i}`)
      await one.write(handle, 0, text)
      one.close(handle)
      t.true(one.node.status().dirty.bytes <= 100_000)
    }
    await one.node.stop()
    for (let i = 0; i < 12; i++) t.is(onSource(world, `f${i}`), text)
  })
})

test('what the source can not take is told at fsync, at close and at the next write, and not lost', async (t) => {
  const { world, hands } = await backMesh(2, { volume: { flushOnClose: true } })
  const [one, two] = hands as [Hand, Hand]
  await world.run(async () => {
    const handle = await one.create('f')
    await one.write(handle, 0, 'kept')
    world.storage.rules.push(({ kind }) => {
      return kind === 'change' ? { type: 'error', code: 'ENOSPC' } : undefined
    })
    await failsWith(t, 'ENOSPC', one.volume.sync(handle, { dataOnly: false }))
    await failsWith(t, 'ENOSPC', one.volume.flush(handle, { owner: 1n }))
    await failsWith(t, 'ENOSPC', one.write(handle, 4, ' no more'))
    t.is(one.node.status().dirty.bytes, 4)
    world.storage.rules.length = 0
    await one.volume.flush(handle, { owner: 1n })
    t.is(onSource(world, 'f'), 'kept')
    await one.write(handle, 4, ' after all')
    await world.sleep(RUMOR_MS)
    t.is(await two.text('f'), 'kept after all')
    one.close(handle)
  })
})

test('where the keeper of the copies dies, the writer goes on with another one', async (t) => {
  const { world, hands } = await backMesh(4)
  const [one] = hands as [Hand]
  await world.run(async () => {
    const handle = await one.create('f')
    await one.write(handle, 0, 'first')
    const keeper = hands.findIndex(({ node }) => node.status().dirty.copyBytes > 0)
    t.true(keeper > 0)
    world.crash(keeper)
    await one.write(handle, 5, ' second')
    await world.sleep(1_000)
    t.true(hands.some(({ node }) => node.isLiving && node.status().dirty.copyBytes > 0))
    world.crash(0)
    await world.sleep(30_000)
    t.is(onSource(world, 'f'), 'first second')
  })
})

test('where the keeper falls silent, other files are written on, and what it has copies of soon', async (t) => {
  const { world, hands } = await backMesh(4)
  const [one] = hands as [Hand]
  await world.run(async () => {
    const [handle, other] = [await one.create('f'), await one.create('g')]
    await one.write(handle, 0, 'first')
    const keeper = hands.findIndex(({ node }) => node.status().dirty.copyBytes > 0)
    t.true(keeper > 0)
    // It is not dead, and it can reach the storage: what it has it may put there later.
    world.partition((index) => (index === keeper ? 1 : 0))
    const startMs = world.clock.elapsedMs
    const took = async (writing: Promise<unknown>) => {
      await writing
      return world.clock.elapsedMs - startMs
    }
    const slow = took(one.write(handle, 0, 'FIRST second'))
    // By then the silence has been noticed.
    await world.sleep(3_000)
    const quick = took(one.write(other, 0, 'other'))
    const [slowMs, quickMs] = await Promise.all([slow, quick])
    t.true(quickMs < 3_100, `${quickMs} ms`)
    t.true(slowMs < 9_000, `${slowMs} ms`)
    world.crash(0)
    await world.sleep(30_000)
    t.is(onSource(world, 'f'), 'FIRST second')
    t.is(onSource(world, 'g'), 'other')
  })
})

test('a writer that was cut off does not overwrite what others have written since', async (t) => {
  const { world, hands } = await backMesh(4)
  const [one, two] = hands as [Hand, Hand]
  await world.run(async () => {
    const handle = await one.create('f')
    await one.write(handle, 0, 'old old')
    await world.sleep(RUMOR_MS)
    // The storage can be reached from everywhere, and the others can not.
    world.partition((index) => (index === 0 ? 1 : 0))
    await world.sleep(20_000)
    const other = await two.open('f')
    t.is(await two.read(other), 'old old')
    await two.write(other, 0, 'new')
    await two.volume.sync(other, { dataOnly: false })
    t.is(onSource(world, 'f'), 'new old')
    await world.sleep(20_000)
    world.repair()
    await world.sleep(60_000)
    t.is(onSource(world, 'f'), 'new old')
    t.is(await one.text('f'), 'new old')
    await one.write(handle, 4, 'NEW')
    await world.sleep(RUMOR_MS)
    t.is(await two.text('f'), 'new NEW')
    one.close(handle)
    two.close(other)
  })
})
