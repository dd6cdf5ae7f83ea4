import test from 'ava'
import { readAheadFor } from '../../../src/node/tuning.ts'
import { World } from '../../../sim/world.ts'

const MIB = 1024 * 1024

test('read-ahead leaves a small shard room for what is about to be read', (t) => {
  t.deepEqual(
    [16, 64, 256, 4096].map((ram) => readAheadFor(ram * MIB) / MIB),
    [2, 8, 32, 32],
  )
})

test('a node with a small shard reads a large file through, each block off the source once', async (t) => {
  const tree = (made: World['tree']) => void made.makeFile('big', { size: 48 * MIB })
  const world = new World({ seed: 1, nodes: 1, ramBytes: 16 * MIB, tree })
  await world.run(() => world.node(0).start())
  const { length } = await world.run(() => world.node(0).readFile('big'))
  t.is(length, 48 * MIB)
  t.true([...world.storage.blockReads.values()].every((reads) => reads === 1))
  t.true(world.node(0).status().ram.usedBytes <= 16 * MIB)
  await world.stop()
})
