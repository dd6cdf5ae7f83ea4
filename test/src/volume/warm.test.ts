import test from 'ava'
import { codeOf, PotluckError } from '../../../src/base/errors.ts'
import type { WarmProgress } from '../../../src/volume/warm.ts'
import type { SimTree } from '../../../sim/storage/tree.ts'
import { BLOCK, LoneNode } from '../node/lone-node.ts'

function library(tree: SimTree): void {
  for (let i = 0; i < 30; i++) tree.makeFile(`lib/d${i % 3}/f${i}`, { size: i * 1000 })
  tree.makeSymlink('lib/link', 'd0')
  tree.makeFile('other', { size: 5 })
}

const BYTES = (29 * 30 * 1000) / 2

test('all of a tree is read into the mesh, once, and then asked of nobody', async (t) => {
  const lone = await LoneNode.start(library)
  const seen: WarmProgress[] = []
  const done = await lone.node.warm('v', ['lib'], { onProgress: (now) => void seen.push(now) })
  t.deepEqual(done, { files: 30, filesDone: 30, bytes: BYTES, bytesDone: BYTES })
  t.deepEqual(seen.at(-1), done)
  const { list, read } = lone.source.counts
  for (let i = 0; i < 30; i++) {
    t.deepEqual(await lone.readAll(`lib/d${i % 3}/f${i}`), lone.truth(`lib/d${i % 3}/f${i}`))
  }
  t.is(lone.source.counts.list, list)
  t.is(lone.source.counts.read, read)
})

test('one path twice, a path within another, and a single file count once', async (t) => {
  const lone = await LoneNode.start(library)
  const done = await lone.node.warm('v', ['lib', 'lib/d1', 'other', './other', 'lib'])
  t.is(done.files, 31)
  t.is(lone.source.counts.list, 5)
})

test('what is warmed leaves no inode behind that nobody would forget', async (t) => {
  const lone = await LoneNode.start(library)
  await lone.node.warm('v', ['lib'])
  t.is(await lone.volume.getattr(2).catch(codeOf), 'ESTALE' as never)
})

test('a path that is not there, or leaves the volume, is said so', async (t) => {
  const lone = await LoneNode.start(library)
  t.is(await lone.node.warm('v', ['nowhere']).catch(codeOf), 'ENOENT' as never)
  t.is(await lone.node.warm('v', ['other/below']).catch(codeOf), 'ENOTDIR' as never)
  t.is(await lone.node.warm('v', ['lib/../..']).catch(codeOf), 'EINVAL' as never)
  t.is(await lone.node.warm('nothing', ['lib']).catch(codeOf), 'UNKNOWN_VOLUME' as never)
})

test('a file that changed since its page was read is warmed as it is now', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('d/f', { size: 3 * BLOCK }))
  await lone.look('d/f')
  lone.tree.write('d/f', 2 * BLOCK)
  await lone.node.warm('v', ['d'])
  const { blocks, holders } = await lone.node.holders('v', 'd/f')
  t.is(blocks, 2)
  t.is(holders[0]?.blocks, 2)
  t.deepEqual(await lone.readAll('d/f'), lone.truth('d/f'))
})

test('the first error ends it, and the rest is let be', async (t) => {
  const lone = await LoneNode.start((tree) => {
    for (let i = 0; i < 500; i++) tree.makeFile(`f${i}`, { size: 10 })
  })
  lone.source.before = (_, path) => {
    if (path === 'f20') throw new PotluckError('EACCES', 'no')
  }
  t.is(await lone.node.warm('v', ['']).catch(codeOf), 'EACCES' as never)
  await lone.clock.run(100)
  t.true(lone.source.counts.read < 300, `${lone.source.counts.read} reads`)
})

test('who gives up stops it', async (t) => {
  const lone = await LoneNode.start(library)
  const controller = new AbortController()
  const onProgress = () => controller.abort()
  const options = { signal: controller.signal, onProgress }
  t.is(await lone.node.warm('v', ['lib'], options).catch(codeOf), 'ABORTED' as never)
  t.true(lone.source.counts.read < 30)
})
