// Rooms of whole nodes, on simulated ports: what holds between processes of different nodes.
import test from 'ava'
import type { LockRange } from '../../../src/ports/changes.ts'
import { LEASE_MS } from '../../../src/lock/terms.ts'
import { createWorld, type World } from '../../../sim/world.ts'

const VOLUME = 'v'
const FOUNDED_MS = 2_000

async function meshOf(nodes: number, seed = 1): Promise<World> {
  const world = await createWorld({
    seed,
    nodes,
    instrument: ({ ports, init }) => ({ ports, init: { ...init, hasLocks: true } }),
  })
  await world.run(() => world.sleep(FOUNDED_MS))
  return world
}

function range(change: Partial<LockRange> = {}): LockRange {
  return { kind: 'write', from: 0, to: Infinity, owner: 1n, pid: 7, isFlock: false, ...change }
}

type Wanted = Partial<LockRange> & { readonly inode?: string; readonly wait?: boolean }

function lock(world: World, index: number, wanted: Wanted = {}): Promise<void> {
  const { inode = '5', wait = false, ...change } = wanted
  return world.node(index).mesh.locks.lock(VOLUME, inode, { range: range(change), wait })
}

const wait = (world: World, index: number) => lock(world, index, { wait: true })

const elapsed = async (world: World, work: () => Promise<unknown>) => {
  const startMs = world.clock.elapsedMs
  await world.run(work)
  return world.clock.elapsedMs - startMs
}

test('one node alone has its locks after a second, and from then on at once', async (t) => {
  const world = await createWorld({
    seed: 1,
    nodes: 1,
    instrument: ({ ports, init }) => ({ ports, init: { ...init, hasLocks: true } }),
  })
  t.true((await elapsed(world, () => lock(world, 0))) < 2_000)
  t.is(await elapsed(world, () => lock(world, 0, { kind: 'none' })), 0)
  t.is(await elapsed(world, () => lock(world, 0)), 0)
})

test('what excludes is refused, what is shared or apart or of the other family is not', async (t) => {
  const world = await meshOf(3)
  await world.run(async () => {
    await lock(world, 0, { from: 10, to: 19 })
    await t.throwsAsync(lock(world, 1, { from: 19, to: 30 }), { code: 'EAGAIN' })
    await t.throwsAsync(lock(world, 1, { kind: 'read' }), { code: 'EAGAIN' })
    await lock(world, 1, { from: 20, to: 30 })
    await lock(world, 2, { isFlock: true })
    const seen = await world.node(1).mesh.locks.test(VOLUME, '5', { range: range() })
    t.like(seen, { kind: 'write', from: 10, to: 19, pid: 0 })
    await lock(world, 0, { kind: 'read', from: 10, to: 14 })
    await lock(world, 1, { kind: 'read', from: 0, to: 14 })
    await t.throwsAsync(lock(world, 1, { kind: 'read', from: 0, to: 15 }), { code: 'EAGAIN' })
    await world.node(0).mesh.locks.releaseOwner(VOLUME, '5', { owner: 1n, isFlock: false })
    await lock(world, 1)
  })
  await world.stop()
})

test('who waits is given the lock when it is let go, and not if it gave up', async (t) => {
  const world = await meshOf(4)
  const order: number[] = []
  await world.run(async () => {
    await lock(world, 0)
    const stop = new AbortController()
    const { signal } = stop
    const options = { range: range(), wait: true, signal }
    const impatient = world.node(3).mesh.locks.lock(VOLUME, '5', options)
    const patient = [1, 2].map(async (index) => {
      await world.sleep(index * 10)
      await wait(world, index)
      order.push(index)
      await world.sleep(100)
      await lock(world, index, { kind: 'none' })
    })
    await world.sleep(50)
    stop.abort()
    await t.throwsAsync(impatient, { code: 'ABORTED' })
    await lock(world, 0, { kind: 'none' })
    await Promise.all(patient)
    await lock(world, 3)
  })
  t.deepEqual(order, [1, 2])
  await world.stop()
})

test('what a killed process held is free at once, what a silent node held when its lease ends', async (t) => {
  for (const isSilent of [false, true]) {
    const world = await meshOf(5)
    await world.run(() => lock(world, 4))
    world.crash(4, { isSilent })
    const tookMs = await elapsed(world, () => wait(world, 0))
    // The second may have been its keeper, too: then the silence has to be noticed first.
    t.true(tookMs < (isSilent ? 2 * LEASE_MS : 2_000), `${isSilent} ${tookMs}`)
    await world.run(() => lock(world, 0, { kind: 'none' }))
    await world.stop()
  }
})

test('of two nodes, the one that is left goes on', async (t) => {
  for (const dead of [0, 1]) {
    const world = await meshOf(2)
    await world.run(() => lock(world, dead))
    world.crash(dead)
    const tookMs = await elapsed(world, () => wait(world, 1 - dead))
    t.true(tookMs < 2 * LEASE_MS, `${tookMs}`)
    await world.stop()
  }
})

test('locks outlive their keeper', async (t) => {
  const world = await meshOf(6)
  const inodes = Array.from({ length: 12 }, (_, i) => String(100 + i))
  await world.run(() => Promise.all(inodes.map((inode) => lock(world, 5, { inode }))))
  world.crash(0)
  world.crash(1, { isSilent: true })
  await world.run(() => world.sleep(3 * LEASE_MS))
  await world.run(async () => {
    for (const inode of inodes) {
      t.false(world.node(5).mesh.locks.isLost(VOLUME, inode))
      await t.throwsAsync(lock(world, 3, { inode }), { code: 'EAGAIN' }, inode)
    }
  })
  await world.stop()
})

test('who is cut off knows that its locks are lost before anybody else has them', async (t) => {
  const world = await meshOf(7)
  await world.run(() => lock(world, 6))
  world.partition((index) => (index === 6 ? 1 : 0))
  await world.run(() => wait(world, 0))
  t.true(world.node(6).mesh.locks.isLost(VOLUME, '5'))
  t.false(world.node(0).mesh.locks.isLost(VOLUME, '5'))
  await world.run(() => t.throwsAsync(lock(world, 6, { inode: '77' }), { code: 'ENOLCK' }))
  world.repair()
  await world.run(() => world.sleep(2 * LEASE_MS))
  await world.run(async () => {
    await lock(world, 6, { kind: 'none' })
    t.false(world.node(6).mesh.locks.isLost(VOLUME, '5'))
    await lock(world, 6, { inode: '77' })
  })
  await world.stop()
})

test('a node that joins takes its part of the work over, and nobody waits for that', async (t) => {
  const world = await createWorld({
    seed: 3,
    nodes: 3,
    latent: 4,
    instrument: ({ ports, init }) => ({ ports, init: { ...init, hasLocks: true } }),
  })
  await world.run(() => world.sleep(FOUNDED_MS))
  const inodes = Array.from({ length: 20 }, (_, i) => String(200 + i))
  await world.run(() => Promise.all(inodes.map((inode) => lock(world, 0, { inode }))))
  for (const index of [3, 4, 5, 6]) await world.run(() => world.bounce(index))
  await world.run(() => world.sleep(FOUNDED_MS))
  t.true(world.nodes.slice(3).some(({ mesh }) => mesh.gauges().keptInodes > 0))
  const tookMs = await elapsed(world, async () => {
    for (const inode of inodes) {
      await t.throwsAsync(lock(world, 4, { inode }), { code: 'EAGAIN' })
      await lock(world, 0, { kind: 'none', inode })
      await lock(world, 4, { inode })
    }
  })
  t.true(tookMs < 1_000, `${tookMs}`)
  await world.stop()
})

test('a lock costs one question, and an unlock one; renewing them no more than one each', async (t) => {
  const world = await meshOf(8)
  const questions = () =>
    world.nodes.reduce((sum, { mesh }) => {
      return sum + (mesh.status().counters['lock_questions_total'] ?? 0)
    }, 0)
  const inodes = Array.from({ length: 50 }, (_, i) => String(300 + i))
  const { locks } = world.node(2).mesh
  await world.run(() => lock(world, 2, { inode: '299' }))
  const before = questions()
  await world.run(async () => {
    for (const inode of inodes) await lock(world, 2, { inode })
  })
  // And the keepers have themselves vouched for.
  t.true(questions() - before <= 50 + 8 * 8, `${questions() - before}`)
  const held = questions()
  await world.run(() => world.sleep(10_000))
  t.true(questions() - held <= 5 * (8 + 8 * 5) + 50, `${questions() - held}`)
  t.false(locks.isLost(VOLUME, '300'))
  await world.stop()
})
