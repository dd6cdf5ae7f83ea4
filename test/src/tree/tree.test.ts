import test from 'ava'
import { codeOf, PotluckError } from '../../../src/base/errors.ts'
import type { News } from '../../../src/ports/messages.ts'
import { attributesOf } from '../../../sim/storage/tree.ts'
import { LoneNode, REVALIDATE_MS } from '../node/lone-node.ts'

const names = (lone: LoneNode) =>
  lone
    .takeTold()
    .filter((one) => one.type === 'entry')
    .map(({ name }) => name)

test('a file that was changed, told: the kernel drops its pages, and reads the new ones', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('f', { size: 5 }))
  await lone.readAll('f')
  const { nodeid } = (await lone.look('f')) ?? { nodeid: 0 }
  lone.tree.write('f', 9)
  await lone.node.invalidate('v', 'f')
  t.true(lone.takeTold().some((one) => one.type === 'inode' && one.nodeid === nodeid && one.data))
  t.deepEqual(await lone.readAll('f'), lone.truth('f'))
  t.is((await lone.volume.getattr(nodeid)).attributes.size, 9)
})

test('names that came, went or lead elsewhere are told, and no others', async (t) => {
  const lone = await LoneNode.start((tree) => {
    for (const name of ['gone', 'over', 'from', 'same']) tree.makeFile(`d/${name}`, { size: 5 })
  })
  for (const name of ['gone', 'over', 'from', 'same', 'came', 'absent'])
    await lone.look(`d/${name}`)
  lone.tree.remove('d/gone')
  lone.tree.rename('d/from', 'd/over')
  lone.tree.makeFile('d/came', { size: 1 })
  await lone.node.invalidate('v', 'd')
  t.deepEqual(names(lone).sort(), ['came', 'from', 'gone', 'over'])
  t.is(await lone.look('d/gone'), undefined)
  t.truthy(await lone.look('d/came'))
  t.is((await lone.look('d/over'))?.attributes.inode, String(lone.tree.find('d/over').number))
})

test('the root’s own attributes are told, too', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('f', { size: 5 }))
  const before = (await lone.volume.getattr(1)).attributes
  lone.tree.makeFile('g', { size: 1 })
  await lone.node.invalidate('v', 'g')
  t.true(lone.takeTold().some((one) => one.type === 'inode' && one.nodeid === 1))
  const after = (await lone.volume.getattr(1)).attributes
  t.true(after.mtimeNanos > before.mtimeNanos || after.mtimeSeconds > before.mtimeSeconds)
})

test('what changes while its page is under way is not undone by that page', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('d/f', { size: 5 }))
  let release = () => {}
  const list = lone.source.list.bind(lone.source)
  let lists = 0
  lone.source.list = async (path, options) => {
    const listing = await list(path, options)
    lists += path === 'd' ? 1 : 0
    // The first answer is old by the time it comes.
    if (path === 'd' && lists === 1) await new Promise<void>((resolve) => (release = resolve))
    return listing
  }
  const directory = await lone.nodeidOf('d')
  const looking = lone.volume.lookup(directory, 'f')
  await lone.clock.run(1)
  lone.tree.remove('d/f')
  const invalidated = lone.node.invalidate('v', 'd')
  await lone.clock.run(1)
  release()
  t.is((await looking).nodeid, 0)
  await invalidated
})

/** That the name `d/f` leads to what it leads to now. */
function naming(lone: LoneNode): News & { type: 'name' } {
  const [changed, attributes] = ['d', 'd/f'].map((path) => attributesOf(lone.tree.find(path)))
  const what = { type: 'name', name: 'f', by: 'peer', changed } as News & { type: 'name' }
  return attributes === undefined ? what : { ...what, entry: { attributes } }
}

test('a rumor that comes late does not undo what a page has shown since', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('d/f', { size: 5 }))
  const before = naming(lone)
  await lone.look('d/f')
  lone.tree.remove('d/f')
  await lone.node.invalidate('v', 'd')
  t.is(await lone.look('d/f'), undefined)
  const now = lone.clock.now()
  lone.hears('d', before, now - 300)
  t.is(await lone.look('d/f'), undefined)
  // But one of a later change, by a clock that is behind, is news.
  const { number } = lone.tree.makeFile('d/f', { size: 6 })
  lone.hears('d', naming(lone), now - 200)
  t.is((await lone.look('d/f'))?.attributes.inode, String(number))
})

test('nor does one by a clock that is ahead, when the kernel has forgotten the directory', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('d/f', { size: 5 }))
  const before = naming(lone)
  lone.tree.remove('d/f')
  t.is(await lone.look('d/f'), undefined)
  lone.hears('d', before, lone.clock.now() + 200)
  t.is(await lone.look('d/f'), undefined)
  lone.volume.forget(await lone.nodeidOf('d'), 100)
  t.is(lone.node.gauges().inodes, 1)
  t.is(await lone.look('d/f'), undefined)
  const { number } = lone.tree.makeFile('d/f', { size: 6 })
  lone.hears('d', naming(lone), lone.clock.now() + 300)
  t.is((await lone.look('d/f'))?.attributes.inode, String(number))
})

test('what nobody told is seen after one period, for one listing', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('f', { size: 5 }))
  await lone.look('f')
  lone.tree.write('f', 6)
  await lone.clock.run(REVALIDATE_MS / 2)
  t.is((await lone.look('f'))?.attributes.size, 5)
  await lone.clock.run(REVALIDATE_MS / 2 + 1)
  t.is((await lone.look('f'))?.attributes.size, 6)
  await lone.look('f')
  t.is(lone.source.counts.list, 2)
})

test('what the kernel is told is valid lasts no longer than the period', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('f', { size: 5 }))
  await lone.look('f')
  await lone.clock.run(REVALIDATE_MS - 1000)
  const valid = (await lone.look('f'))?.validMs ?? 0
  t.true(valid > 0 && valid <= 1000)
})

test('an open file is looked after without being asked for', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('f', { size: 5 }))
  const nodeid = await lone.nodeidOf('f')
  const { handle } = await lone.volume.open(nodeid)
  lone.tree.write('f')
  await lone.clock.run(2 * REVALIDATE_MS)
  t.true(lone.takeTold().some((one) => one.type === 'inode' && one.nodeid === nodeid && one.data))
  lone.volume.release(handle)
})

test('a static volume is never looked at again', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('f', { size: 5 }), {
    coherence: 'static',
  })
  await lone.look('f')
  lone.tree.write('f', 6)
  await lone.clock.run(100 * REVALIDATE_MS)
  const entry = await lone.look('f')
  t.is(entry?.attributes.size, 5)
  t.true((entry?.validMs ?? 0) > 100 * REVALIDATE_MS)
  t.is(lone.source.counts.list, 1)
})

test('a file replaced behind the mesh’s back: the first read fails, the next finds the new one', async (t) => {
  const lone = await LoneNode.start((tree) => {
    tree.makeFile('d/f', { size: 5 })
    tree.makeFile('d/new', { size: 7 })
  })
  await lone.look('d/f')
  lone.tree.rename('d/new', 'd/f')
  t.is(await lone.readAll('d/f').catch(codeOf), 'ESTALE' as never)
  await lone.clock.run(1)
  t.true(names(lone).includes('f'), 'the kernel is told to look again')
  t.deepEqual(await lone.readAll('d/f'), lone.truth('d/f'))
})

test('a directory removed behind the mesh’s back is noticed, and gone', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('a/b/f', { size: 5 }))
  await lone.look('a/b')
  lone.tree.remove('a/b')
  t.is(await lone.list('a/b').catch(codeOf), 'ENOENT' as never)
  await lone.clock.run(1)
  t.true(names(lone).includes('b'))
  t.is(await lone.look('a/b'), undefined)
})

test('something that stays missing does not have its directory listed over and over', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('d/f', { size: 5 }))
  await lone.look('d/f')
  lone.source.before = (call) => {
    if (call === 'read') throw new PotluckError('ENOENT', 'the storage is of two minds')
  }
  for (let i = 0; i < 100; i++) {
    t.is(await lone.readAll('d/f').catch(codeOf), 'ENOENT' as never)
    await lone.clock.run(5)
  }
  t.true(lone.source.counts.list <= 6, `${lone.source.counts.list} listings`)
})

test('an error of the source is told, and not kept', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('f', { size: 5 }))
  lone.source.before = () => {
    throw new PotluckError('EIO', 'no')
  }
  t.is(await lone.look('f').catch(codeOf), 'EIO' as never)
  lone.source.before = () => {}
  t.truthy(await lone.look('f'))
})

test('where the news can not be had the kernel is made to ask again', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('d/f', { size: 5 }))
  await lone.look('d/f')
  await lone.look('d/absent')
  lone.source.before = () => {
    throw new PotluckError('EIO', 'no')
  }
  await t.throwsAsync(lone.node.invalidate('v', 'd'), { code: 'EIO' })
  const told = lone.takeTold()
  t.true(told.some((one) => one.type === 'entry' && one.name === 'd'))
  t.true(told.some((one) => one.type === 'entry' && one.name === 'f'))
  t.true(told.some((one) => one.type === 'entry' && one.name === 'absent'))
})

test('all names of one inode see its change', async (t) => {
  const lone = await LoneNode.start((tree) => {
    const file = tree.makeFile('a/f', { size: 5 })
    tree.makeDirectory('b').children.set('g', file)
  })
  const [a, b] = [await lone.look('a/f'), await lone.look('b/g')]
  t.is(a?.nodeid, b?.nodeid)
  lone.tree.write('a/f', 8)
  await lone.node.invalidate('v', 'a/f')
  t.is((await lone.look('b/g'))?.attributes.size, 8)
  t.deepEqual(await lone.readAll('b/g'), lone.truth('a/f'))
})

test('the whole volume: everything is told at once, and read again when it is asked for', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('d/f', { size: 5 }))
  await lone.readAll('d/f')
  lone.tree.write('d/f', 6)
  await lone.node.invalidate('v', '', { recursive: true })
  t.true(lone.takeTold().some((one) => one.type === 'everything'))
  t.deepEqual(await lone.readAll('d/f'), lone.truth('d/f'))
})
