import test from 'ava'
import { keyOf, positionOf } from '../../../src/block/key.ts'
import { versionOf } from '../../../src/block/version.ts'
import { compareDistance } from '../../../src/placement/distance.ts'
import { corrupt, lose, PASS, REFUSE } from '../../../sim/network/rules.ts'
import { attributesOf } from '../../../sim/storage/tree.ts'
import type { World } from '../../../sim/world.ts'
import { BLOCK_BYTES, everyoneReads, meshOf, readAll, sourceLoad, total, truth } from './mesh.ts'

const PATH = 'lib/pkg7/mod7.py'

/** The number of the node closest to the first block of a file. */
function homeOf(world: World, path: string): number {
  const inode = String(world.tree.find(path).number)
  const volume = `data@${BLOCK_BYTES}`
  const key = keyOf({ volume, inode, kind: 'data', index: 0, splits: 0 })
  const order = world.nodes.toSorted((a, b) =>
    compareDistance(key, positionOf(a.peer), positionOf(b.peer)),
  )
  return order[0]!.index
}

test('three nodes die in the middle: the others finish, with few reads more', async (t) => {
  const world = await meshOf(16)
  await world.run(async () => {
    const others = [...world.nodes.keys()].filter((index) => ![3, 8, 11].includes(index))
    const reading = others.map((index) => readAll(world, index, world.tree.files()))
    await world.sleep(200)
    for (const index of [3, 8, 11]) world.crash(index)
    await Promise.all(reading)
  })
  const { readsPerBlock } = sourceLoad(world)
  t.true(readsPerBlock <= 1.2, `${readsPerBlock} reads per block`)
})

test('a program on a node that dies is told so', async (t) => {
  const world = await meshOf(4)
  world.storage.rules.push(() => ({ type: 'hang' }))
  await world.run(async () => {
    const reading = world.node(2).readFile(PATH)
    await world.sleep(5)
    world.crash(2)
    await t.throwsAsync(reading, { code: 'CLOSED' } as never)
  })
})

test('a bounced node comes back empty and is part of the mesh again', async (t) => {
  const world = await meshOf(8)
  await world.run(async () => {
    await everyoneReads(world)
    world.crash(5)
    await world.sleep(5_000)
    await world.bounce(5)
    await world.sleep(1_000)
    t.is(world.node(5).status().ram.blocks, 0)
    t.is(world.node(5).status().peers, 7)
    await everyoneReads(world)
  })
  t.is(world.node(0).status().peers, 7)
})

test('the home of a block hangs: the reader waits out one silence, and only once', async (t) => {
  const world = await meshOf(16)
  const home = homeOf(world, PATH)
  const reader = (home + 1) % 16
  const timed = async (path: string) => {
    const startMs = world.clock.elapsedMs
    await readAll(world, reader, [path])
    return world.clock.elapsedMs - startMs
  }
  await world.run(async () => {
    await world.node(reader).listDirectory('lib/pkg7')
    world.hang(home)
    t.true((await timed(PATH)) < 3_000)
    await world.sleep(2_500)
    const others = world.tree.files().filter((path) => homeOf(world, path) === home)
    for (const path of others) {
      const tookMs = await timed(path)
      t.true(tookMs < 50, `${path}: ${tookMs} ms`)
    }
  })
})

test('every home in turn hangs and resumes, and nothing is read wrong', async (t) => {
  const world = await meshOf(8)
  const files = world.tree.files()
  const read = await world.run(async () => {
    const reading = readAll(world, 0, files)
    for (let index = 1; index < 8; index++) {
      world.hang(index)
      await world.sleep(400)
      world.resume(index)
    }
    return reading
  })
  t.is(read, files.length)
  t.true(total(world, 'fetch_hedges_total') > 0, 'nobody was waited for')
})

test('a peer with bad memory: its blocks are noticed, fetched elsewhere, never handed out', async (t) => {
  const world = await meshOf(8)
  const bad = world.node(4).peer
  world.network.rules.push(corrupt((from) => from === bad))
  await world.run(everyoneReads)
  t.true(total(world, 'blocks_corrupt_total') > 0)
})

test('where every peer is bad, each node reads the source itself', async (t) => {
  const world = await meshOf(4)
  world.network.rules.push(corrupt(() => true))
  await world.run(everyoneReads)
  t.true(sourceLoad(world).readsPerBlock > 1)
})

test('a partition: both sides go on, and are one mesh again when it ends', async (t) => {
  const world = await meshOf(12)
  await world.run(async () => {
    world.partition((index) => index % 3)
    await everyoneReads(world)
    world.repair()
    await world.sleep(10_000)
  })
  const { readsPerBlock } = sourceLoad(world)
  t.true(readsPerBlock <= 3.1, `${readsPerBlock} reads per block with three sides`)
  t.true(world.nodes.every((node) => node.status().peers === 11))
})

test('a network that refuses and loses: slow is allowed, wrong or stuck is not', async (t) => {
  const world = await meshOf(8)
  const random = world.random.fork('faults')
  world.network.rules.push(
    ({ kind }) => (kind === 'request' && random.next() < 0.05 ? REFUSE : PASS),
    lose(random, 0.01, ['request', 'reply']),
  )
  t.is(await world.run(everyoneReads), 8 * world.tree.files().length)
  t.true(total(world, 'fetch_peer_failures_total') > 0, 'nothing was refused or lost')
})

test('a source that fails now and then: the error is told, not cached, and concerns nobody else', async (t) => {
  const world = await meshOf(8)
  let failures = 8
  world.storage.rules.push(({ kind, path }) => {
    if (kind !== 'read' || path !== PATH || failures === 0) return undefined
    failures -= 1
    return { type: 'error', code: 'EIO' }
  })
  await world.run(async () => {
    const reads = world.nodes.map((node) => node.readFile(PATH).then(() => 'read', codeOf))
    const outcomes = new Set(await Promise.all(reads))
    t.true([...outcomes].every((outcome) => outcome === 'EIO' || outcome === 'read'))
    while (failures > 0) await world.node(0).readFile(PATH).catch(codeOf)
    await everyoneReads(world)
  })
})

test('a source that only one node may read still serves that node', async (t) => {
  const world = await meshOf(6)
  world.storage.rules.push(({ node, path }) =>
    node !== 2 && path === PATH ? { type: 'error', code: 'EACCES' } : undefined,
  )
  await world.run(async () => {
    const outcome = await world
      .node(2)
      .readFile(PATH)
      .then(() => 'read', codeOf)
    t.is(outcome, 'read')
  })
})

test('a source that hangs for a while holds up what needs it, and nothing else', async (t) => {
  const world = await meshOf(8)
  await world.run(async () => {
    await readAll(world, 0, world.tree.files('lib/pkg1'))
    world.storage.rules.push(() => ({ type: 'stall', untilMs: 20_000 }))
    const cold = readAll(world, 1, world.tree.files('lib/pkg2'))
    await readAll(world, 2, world.tree.files('lib/pkg1'))
    t.true(world.clock.elapsedMs < 5_000, `${world.clock.elapsedMs} ms`)
    await cold
    t.true(world.clock.elapsedMs >= 20_000)
  })
})

test('a reader who gives up takes nobody with him', async (t) => {
  const world = await meshOf(4)
  await world.run(async () => {
    const controller = new AbortController()
    const impatient = world
      .node(1)
      .readFile(PATH, { signal: controller.signal })
      .then(() => 'read', codeOf)
    const patient = [world.node(1), world.node(2)].map((node) => node.readFile(PATH))
    await world.sleep(1)
    controller.abort()
    t.is(await impatient, 'ABORTED')
    for (const read of await Promise.all(patient)) {
      t.deepEqual(Buffer.concat(read.slices), truth(world, PATH))
      t.is(versionOf(read.attributes), versionOf(attributesOf(world.tree.find(PATH))))
    }
  })
})

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? String(error)
}
