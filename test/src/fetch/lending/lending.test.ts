import test from 'ava'
import { Counters } from '../../../../src/base/counters.ts'
import { PotluckError } from '../../../../src/base/errors.ts'
import { positionOf } from '../../../../src/block/key.ts'
import { Lending } from '../../../../src/fetch/lending/lending.ts'
import { PeerTable } from '../../../../src/placement/peer-table.ts'
import { VirtualClock } from '../../../../sim/engine/virtual-clock.ts'
import { blockOf } from '../fetch-bench.ts'
import { meshOf, BLOCK_BYTES, readBytes, truth } from '../../node/mesh.ts'

const FILES = 96

/** Of these the homes have room for less than their own, and all together for all. */
const tight = {
  ramBytes: 15 * (BLOCK_BYTES + 400),
  volume: { blockBytes: BLOCK_BYTES, inlineBytes: 0, ahead: 'none' as const },
  tree: (tree: { makeFile(path: string, init: { size: number }): unknown }) => {
    for (let i = 0; i < FILES; i++) tree.makeFile(`d/f${i}`, { size: BLOCK_BYTES })
  },
}

test('what a home has no room for is kept by others, and found there', async (t) => {
  const world = await meshOf(8, tight)
  await world.run(async () => {
    for (let i = 0; i < FILES; i++) await readBytes(world.node(i % 8), `d/f${i}`)
    await world.sleep(1_000)
    const before = world.storage.counts.read
    for (let i = 0; i < FILES; i++) {
      const path = `d/f${i}`
      t.true((await readBytes(world.node((i + 3) % 8), path)).equals(truth(world, path)))
    }
    const reads = world.storage.counts.read - before
    t.true(reads <= FILES * 0.05, `${reads} files were read off the source again`)
  })
  const count = (name: string) =>
    world.nodes.reduce((sum, node) => sum + (node.status().counters[name] ?? 0), 0)
  t.true(count('lending_lent_total') > 0)
  t.is(count('lending_lent_total'), count('lending_kept_total'))
  for (const node of world.nodes) t.true(node.heldBytes() <= tight.ramBytes)
  await world.stop()
})

test('what was lent and then changed at the source is not shown as it was', async (t) => {
  const world = await meshOf(8, tight)
  await world.run(async () => {
    for (let i = 0; i < FILES; i++) await readBytes(world.node(i % 8), `d/f${i}`)
    for (let i = 0; i < FILES; i += 32) {
      const path = `d/f${i}`
      world.tree.write(path)
      await world.node(1).invalidate(path)
      await world.sleep(100)
      t.true((await readBytes(world.node(5), path)).equals(truth(world, path)))
    }
  })
  await world.stop()
})

test('where all near a key are full, its block is kept in another part of the key space', async (t) => {
  const contactOf = (peer: string) => ({ peer, position: positionOf(peer) })
  const table = new PeerTable(contactOf('self'))
  for (let i = 0; i < 200; i++) table.add(contactOf(`peer${i}`))
  const key = positionOf('a block')
  const full = new Set(table.closest(key, 40).map(({ peer }) => peer))
  const asked: string[] = []
  const network = {
    request: (peer: string) => {
      asked.push(peer)
      if (full.has(peer)) return Promise.reject(new PotluckError('BUSY', 'there is no room'))
      return Promise.resolve({ type: 'done' } as const)
    },
    handle: () => {},
    queuedBytes: () => 0,
  }
  const clock = new VirtualClock()
  const lending = new Lending({ clock, network, table, counters: new Counters() })
  lending.evicted(key, blockOf('bytes'))
  await new Promise(setImmediate)
  const keeper = lending.to(key) ?? ''
  t.true(keeper !== '' && !full.has(keeper), asked.join(' '))
  t.is(asked.length, new Set(asked).size)
  t.true(full.has(asked[0] ?? ''))
})
