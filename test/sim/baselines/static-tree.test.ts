import test from 'ava'
import { fanoutFor, parentOf, staticTree } from '../../../sim/baselines/static-tree.ts'
import type { Access } from '../../../sim/program/workload.ts'
import { bench, lengthOf } from './cluster.ts'

const MIB = 1024 * 1024

test('the fan-out is the one of the published table', (t) => {
  const at = [1, 31, 32, 121, 122, 341, 342, 781, 782, 1_555, 1_556, 8_192]
  t.deepEqual(at.map(fanoutFor), [2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7])
})

test('every node but the root has a parent of lower rank, and none has more children than k', (t) => {
  for (const fanout of [2, 3, 7]) {
    const parents = Array.from({ length: 1_000 }, (_, rank) => parentOf(rank, fanout))
    t.is(parents[0], 0)
    const children = new Map<number, number>()
    for (const [rank, parent] of parents.entries()) {
      if (rank === 0) continue
      t.true(parent < rank)
      children.set(parent, (children.get(parent) ?? 0) + 1)
    }
    t.is(Math.max(...children.values()), fanout)
  }
})

test('the root alone asks the source, each thing once, and every level keeps it', async (t) => {
  const { world, all } = bench(staticTree, {
    nodes: 40,
    tree: (tree) => {
      tree.makeFile('lib/a', { size: 5_000 })
    },
  })
  const program = async (access: Access) => [
    (await access.stat('lib/a'))?.size,
    await access.stat('lib/b'),
    await access.list('lib'),
    lengthOf(await access.read('lib/a', { from: 4_000, length: 10_000 })),
  ]
  const found = await all(program)
  t.deepEqual(
    found,
    Array.from({ length: 40 }, () => [5_000, undefined, ['a'], 1_000]),
  )
  const counts = { readdir: 1, stat: 3, open: 1, read: 1, bytes: 5_000 }
  t.deepEqual({ ...world.storage.counts }, counts)
  // Rank 39 at k = 3 is four levels down: four hops there and back at the last question.
  t.true(world.clock.elapsedMs > 8 && world.clock.elapsedMs < 12, `${world.clock.elapsedMs}`)
  const before = world.clock.elapsedMs
  await all(program)
  t.is(world.clock.elapsedMs, before, 'all of it is on the shelf')
  t.deepEqual({ ...world.storage.counts }, counts)
})

test('a file above 10 MB is read by each node itself', async (t) => {
  const { world, all } = bench(staticTree, {
    nodes: 4,
    tree: (tree) => {
      tree.makeFile('small', { size: 10 * MIB })
      tree.makeFile('big', { size: 10 * MIB + 1 })
    },
  })
  await all((access) => access.read('small', { from: 0, length: MIB }))
  t.is(world.storage.counts.bytes, 10 * MIB)
  await all((access) => access.read('big', { from: 0, length: 20 * MIB }))
  t.is(world.storage.counts.bytes, 10 * MIB + 4 * (10 * MIB + 1))
})

test('nothing is passed on before all of a file is there', async (t) => {
  const { world, all } = bench(staticTree, {
    nodes: 4,
    network: { cpuMessageMs: 0, cpuByteMs: 0, upBytesPerMs: MIB, downBytesPerMs: Infinity },
    tree: (tree) => {
      tree.makeFile('a', { size: 10 * MIB })
    },
  })
  // A chain of 0 to 1 to 3: ten milliseconds of line each, and node 0 sends to 2 besides.
  const ends = await all(async (access) => {
    await access.read('a', { from: 0, length: MIB })
    return Math.round(world.clock.elapsedMs)
  })
  t.is(ends[0], 2)
  t.deepEqual(new Set([ends[1], ends[2]]), new Set([12, 22]))
  t.is(ends[3], (ends[1] ?? 0) + 10)
})
