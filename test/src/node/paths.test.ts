import test from 'ava'
import { codeOf } from '../../../src/base/errors.ts'
import { BLOCK, LoneNode } from './lone-node.ts'

test('a path to invalidate need not be there, but it must not leave the volume', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('a/b/f', { size: 5 }))
  const check = async (path: string, code: string | undefined) =>
    t.is(await lone.node.invalidate('v', path).then(() => undefined, codeOf), code as never, path)
  await check('', undefined)
  await check('/', undefined)
  await check('a//b/./f', undefined)
  await check('nowhere', undefined)
  await check('no/where/at/all', undefined)
  await check('a/b/f/below', undefined)
  await check('a/../b', 'EINVAL')
  await check('a\0', 'EINVAL')
})

test('a name below a directory that was replaced is found where it is now', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('a/b/f', { size: 5 }))
  await lone.readAll('a/b/f')
  lone.tree.remove('a/b')
  lone.tree.makeFile('a/b/f', { size: 6 })
  await lone.node.invalidate('v', 'a/b/f')
  t.deepEqual(await lone.readAll('a/b/f'), lone.truth('a/b/f'))
})

test('a name that came where the mesh knew nothing to be is found', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeDirectory('a'))
  t.is(await lone.look('a/new'), undefined)
  lone.tree.makeFile('a/new/deep/f', { size: 7 })
  await lone.node.invalidate('v', 'a/new/deep/f')
  t.deepEqual(await lone.readAll('a/new/deep/f'), lone.truth('a/new/deep/f'))
})

test('a node alone holds what it has read, and is the home of all', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('d/f', { size: 3 * BLOCK }))
  t.deepEqual(await lone.node.holders('v', 'd/f'), { blocks: 3, holders: [] })
  await lone.readAll('d/f')
  const holders = [{ peer: 'self', blocks: 3, isHome: true }]
  t.deepEqual(await lone.node.holders('v', 'd/f'), { blocks: 3, holders })
  t.deepEqual((await lone.node.holders('v', 'd')).blocks, 1)
  t.is(await lone.node.holders('v', 'gone').catch(codeOf), 'ENOENT' as never)
})

test('an empty file has no blocks, and a large directory many pages', async (t) => {
  const lone = await LoneNode.start((tree) => {
    tree.makeFile('empty', { size: 0 })
    for (let i = 0; i < 3000; i++) tree.makeFile(`d/f${i}`, { size: 1 })
  })
  t.deepEqual(await lone.node.holders('v', 'empty'), { blocks: 0, holders: [] })
  t.is((await lone.node.holders('v', 'd')).blocks, 4)
})

test('a volume that is not here is said by name', async (t) => {
  const lone = await LoneNode.start(() => {})
  t.throws(() => lone.node.volume('w'), { code: 'UNKNOWN_VOLUME', message: /'w'.*v/ })
  t.is(await lone.node.invalidate('w', '').catch(codeOf), 'UNKNOWN_VOLUME' as never)
})

test('a stopped node closes its source and leaves nothing to do', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('f', { size: 5 }))
  await lone.node.ready('v')
  await lone.readAll('f')
  await lone.node.invalidate('v', 'f')
  await lone.node.stop()
  t.true(lone.source.isClosed)
  t.is(lone.clock.pending, 0)
})

test('the status counts blocks by where they came from', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('f', { size: 2 * BLOCK }))
  await lone.readAll('f')
  await lone.readAll('f')
  const { volumes, ram, counters } = lone.node.status()
  const { blocks, bytes } = volumes[0] ?? { blocks: { source: 0, shard: 0 }, bytes: { source: 0 } }
  t.is(blocks.source, 3)
  t.true(blocks.shard >= 2)
  t.true(bytes.source > 2 * BLOCK)
  t.is(ram.blocks, 3)
  t.is(counters['source_data_reads_total'], 2)
})
