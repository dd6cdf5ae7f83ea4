import test from 'ava'
import { direct } from '../../../sim/baselines/direct.ts'
import { READ_BYTES } from '../../../sim/baselines/cluster.ts'
import { bench, lengthOf } from './cluster.ts'

const MIB = 1024 * 1024

/** What takes time is a call's latency alone. */
const SLOW_AND_WIDE = {
  latencyMs: 100,
  latencySpread: 0,
  metadataPerSecond: Infinity,
  bytesPerMs: Infinity,
}

test('every node pays for every name, present or absent, and for every file', async (t) => {
  const { world, all } = bench(direct, {
    nodes: 3,
    tree: (tree) => {
      tree.makeFile('lib/a', { size: 5_000 })
    },
  })
  const found = await all(async (access) => [
    (await access.stat('lib/a'))?.size,
    await access.stat('lib/b'),
    await access.stat('lib/a/c'),
    await access.list('lib'),
    lengthOf(await access.read('lib/a', { from: 0, length: 10_000 })),
    lengthOf(await access.read('lib/a', { from: 4_000, length: 10_000 })),
  ])
  t.deepEqual(
    found,
    Array.from({ length: 3 }, () => [5_000, undefined, undefined, ['a'], 5_000, 1_000]),
  )
  t.deepEqual(
    { ...world.storage.counts },
    {
      readdir: 3,
      stat: 3 * 4,
      open: 3,
      read: 6,
      bytes: 18_000,
    },
  )
  t.is(Math.round(world.clock.elapsedMs), 12, 'six calls of 2 ms, one after another')
})

test('a large file comes in parts, so many at a time, each once, through the node’s line', async (t) => {
  const size = 41 * MIB
  const { world, all } = bench(direct, {
    nodes: 1,
    storage: SLOW_AND_WIDE,
    tree: (tree) => {
      tree.makeFile('big', { size })
    },
  })
  const [length] = await all(async (access) => {
    let sum = 0
    for (let from = 0; from < size; from += MIB) {
      // As a program reads it.
      sum += lengthOf(await access.read('big', { from, length: MIB }))
    }
    return sum
  })
  t.is(length, size)
  t.is(world.storage.counts.read, 1 + Math.ceil(size / READ_BYTES))
  t.is(world.storage.counts.open, 1, 'it is opened once')
  // The first read alone, and then eight under way at a time: two rounds, and some line.
  t.true(world.clock.elapsedMs > 300 && world.clock.elapsedMs < 400, `${world.clock.elapsedMs}`)
})

test('one call for a whole large file has no more parts under way than that', async (t) => {
  const size = 64 * READ_BYTES
  const { world, all } = bench(direct, {
    nodes: 1,
    storage: SLOW_AND_WIDE,
    network: { downBytesPerMs: Infinity },
    tree: (tree) => {
      tree.makeFile('big', { size })
    },
  })
  const [length] = await all(async (access) =>
    lengthOf(await access.read('big', { from: 0, length: size })),
  )
  t.is(length, size)
  t.is(Math.round(world.clock.elapsedMs), 800)
  t.is(world.storage.counts.bytes, size)
})

test('a reader that jumps gets what it asked for and costs no more', async (t) => {
  const { world, all } = bench(direct, {
    nodes: 1,
    tree: (tree) => {
      tree.makeFile('big', { size: 100 * MIB })
    },
  })
  const ranges = [
    { from: 50 * MIB + 3, length: 1_000 },
    { from: 10 * MIB, length: 1_000 },
    { from: 10 * MIB + 1_000, length: 1_000 },
    { from: 99 * MIB, length: 10 * MIB },
  ]
  const lengths = await all(async (access) => {
    const read: number[] = []
    for (const range of ranges.slice(0, 2)) read.push(lengthOf(await access.read('big', range)))
    t.is(world.storage.counts.bytes, 2_000)
    for (const range of ranges.slice(2)) read.push(lengthOf(await access.read('big', range)))
    return read
  })
  t.deepEqual(lengths, [[1_000, 1_000, 1_000, MIB]])
})
