import test from 'ava'
import { homeOnly } from '../../../sim/baselines/home-only.ts'
import { bench, lengthOf } from './cluster.ts'

const MIB = 1024 * 1024

test('each thing is asked of its home by all, and of the source by its home', async (t) => {
  const nodes = 24
  const { world, all } = bench(homeOnly, {
    nodes,
    tree: (tree) => {
      tree.makeFile('lib/a', { size: 5 * MIB })
    },
  })
  const found = await all(async (access) => [
    (await access.stat('lib/a'))?.size,
    await access.stat('lib/b'),
    await access.list('lib'),
    lengthOf(await access.read('lib/a', { from: 0, length: 10 * MIB })),
  ])
  t.deepEqual(
    found,
    Array.from({ length: nodes }, () => [5 * MIB, undefined, ['a'], 5 * MIB]),
  )
  const counts = { readdir: 1, stat: 3, open: 1, read: 5, bytes: 5 * MIB }
  t.deepEqual({ ...world.storage.counts }, counts)
  const sent = world.nodes.map(({ peer }) => world.network.traffic(peer).sent)
  // A question and its answer for each of 8 things, by all but the home.
  t.is(
    sent.reduce((sum, { messages }) => sum + messages, 0),
    2 * 8 * (nodes - 1),
  )
  t.true(sent.filter(({ bytes }) => bytes > MIB).length > 1, 'a large file has several homes')
})
