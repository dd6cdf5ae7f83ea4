import test from 'ava'
import { codeOf } from '../../../src/base/errors.ts'
import { attributesOf } from '../../../sim/storage/tree.ts'
import { BLOCK, LoneNode, REVALIDATE_MS } from '../node/lone-node.ts'

test('a name is looked up once at the source, present or absent', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('d/f', { size: 5 }))
  const entry = await lone.look('d/f')
  t.deepEqual(entry?.attributes, attributesOf(lone.tree.find('d/f')))
  t.true((entry?.validMs ?? 0) > 0 && (entry?.validMs ?? 0) <= REVALIDATE_MS + 1)
  for (let i = 0; i < 100; i++) t.is(await lone.look(`d/absent ${i}`), undefined)
  t.is(lone.source.counts.list, 2)
  t.is(lone.source.counts.attributes, 0)
})

test('names that can not be are refused, not asked for', async (t) => {
  const lone = await LoneNode.start(() => {})
  const check = async (name: string, code: string) =>
    t.is(await lone.volume.lookup(1, name).catch(codeOf), code as never, name)
  await check('x'.repeat(256), 'ENAMETOOLONG')
  await check('..', 'EINVAL')
  await check('.', 'EINVAL')
  await check('', 'EINVAL')
  await check('a/b', 'EINVAL')
  await check('a\0', 'EINVAL')
  t.is(lone.source.counts.list, 0)
})

test('nodeids and handles that are not there are said so', async (t) => {
  const { volume } = await LoneNode.start(() => {})
  t.is(await volume.getattr(99).catch(codeOf), 'ESTALE' as never)
  t.is(await volume.lookup(99, 'a').catch(codeOf), 'ESTALE' as never)
  t.is(await volume.read(99, { from: 0, length: 1 }).catch(codeOf), 'EBADF' as never)
  t.throws(() => volume.readdir(99, 0), { code: 'EBADF' })
})

test('the kernel may give back what it does not have: a release and a forget can not be refused', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('f', { size: 5 }))
  const { volume } = lone
  t.notThrows(() => {
    volume.release(99)
    volume.releasedir(99)
    volume.forget(99, 1)
  })
  t.deepEqual(await lone.readAll('f'), lone.truth('f'))
})

test('files of every size read as they are on the source', async (t) => {
  const sizes = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 10 * BLOCK + 7]
  const lone = await LoneNode.start((tree) => {
    for (const size of sizes) tree.makeFile(`f${size}`, { size })
  })
  for (const size of sizes) {
    t.deepEqual(await lone.readAll(`f${size}`), lone.truth(`f${size}`))
  }
})

test('any range of a file is what it is on the source, cut at its end', async (t) => {
  const size = 3 * BLOCK + 100
  const lone = await LoneNode.start((tree) => tree.makeFile('f', { size }))
  const whole = lone.truth('f')
  const { handle } = await lone.volume.open(await lone.nodeidOf('f'))
  for (const from of [0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 1, size - 1, size, size + 5]) {
    for (const length of [0, 1, BLOCK, 2 * BLOCK + 2, 10 * BLOCK]) {
      const slices = await lone.volume.read(handle, { from, length })
      t.deepEqual(Buffer.concat(slices), whole.subarray(from, from + length), `${from} ${length}`)
    }
  }
  lone.volume.release(handle)
})

test('what is no file can not be opened as one, what is no directory not listed', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('d/f', { size: 5 }))
  t.is(await lone.volume.open(await lone.nodeidOf('d')).catch(codeOf), 'EISDIR' as never)
  t.is(await lone.volume.opendir(await lone.nodeidOf('d/f')).catch(codeOf), 'ENOTDIR' as never)
  t.is(await lone.volume.readlink(await lone.nodeidOf('d')).catch(codeOf), 'EINVAL' as never)
})

test('a symbolic link gives its target, byte for byte', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeSymlink('l', '../\xff/x'))
  t.is(await lone.volume.readlink(await lone.nodeidOf('l')), '../\xff/x')
  t.is(lone.source.counts.list, 1)
})

test('a directory lists as it was when it was opened, whatever happens to it meanwhile', async (t) => {
  const count = 1500
  const lone = await LoneNode.start((tree) => {
    for (let i = 0; i < count; i++) tree.makeFile(`f${i}`, { size: 1 })
  })
  const handle = await lone.volume.opendir(1)
  const seen: string[] = []
  for (let offset = 0; ;) {
    const entries = lone.volume.readdir(handle, offset)
    if (entries.length === 0) break
    seen.push(...entries.slice(0, 300).map(({ name }) => name))
    offset = entries[Math.min(299, entries.length - 1)]?.nextOffset ?? 0
    if (lone.tree.at('f0') !== undefined) lone.tree.remove('f0')
    lone.tree.makeFile(`new ${offset}`, { size: 1 })
    await lone.node.invalidate('v', '')
  }
  t.deepEqual(seen.slice(0, 2), ['.', '..'])
  t.is(new Set(seen).size, count + 2)
  t.is(seen.length, count + 2)
  t.deepEqual(lone.volume.readdir(handle, 1e15), [])
  lone.volume.releasedir(handle)
  t.false((await lone.list('')).includes('f0'))
})

test('a large directory lists whole, and finds each name', async (t) => {
  const lone = await LoneNode.start((tree) => {
    for (let i = 0; i < 5000; i++) tree.makeFile(`d/f${i}`, { size: 1 })
  })
  t.is(new Set(await lone.list('d')).size, 5002)
  for (const i of [0, 1, 2500, 4999]) t.truthy(await lone.look(`d/f${i}`))
  t.is(await lone.look('d/f5000'), undefined)
})

test('an entry of an outdated listing gives the kernel nothing to keep', async (t) => {
  const lone = await LoneNode.start((tree) => {
    tree.makeFile('a', { size: 1 })
    tree.makeFile('b', { size: 1 })
  })
  const handle = await lone.volume.opendir(1, { isWhole: true })
  const entryOf = (name: string) => {
    const entry = lone.volume.readdir(handle, 0).find((one) => one.name === name)
    if (entry === undefined) throw new Error(name)
    return entry
  }
  t.not(lone.volume.reference(handle, entryOf('a'))?.validMs, 0)
  lone.tree.rename('b', 'a')
  await lone.node.invalidate('v', 'a')
  t.is(lone.volume.reference(handle, entryOf('a'))?.validMs, 0)
  t.is(lone.volume.reference(handle, entryOf('b'))?.validMs, 0)
  const now = await lone.look('a')
  t.is(now?.attributes.inode, attributesOf(lone.tree.find('a')).inode)
})

test('the kernel may keep pages of a file that is unchanged, and of no other', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('f', { size: 5 }))
  const open = async () => {
    const { handle, keepCache } = await lone.volume.open(await lone.nodeidOf('f'))
    lone.volume.release(handle)
    return keepCache
  }
  t.false(await open())
  t.true(await open())
  lone.tree.write('f')
  await lone.node.invalidate('v', 'f')
  t.false(await open())
  t.true(await open())
  await lone.node.invalidate('v', 'f')
  t.false(await open(), 'somebody said that it changed, whatever stat shows')
  await lone.node.invalidate('v', '', { recursive: true })
  t.false(await open())
})

test('extended attributes are had once, and absent ones are ENODATA', async (t) => {
  const lone = await LoneNode.start((tree) => tree.makeFile('f', { size: 5 }))
  lone.source.xattrsOf.set('f', new Map([['user.a', Buffer.from('1')]]))
  const nodeid = await lone.nodeidOf('f')
  t.is(Buffer.from(await lone.volume.getxattr(nodeid, 'user.a')).toString(), '1')
  t.is(await lone.volume.getxattr(nodeid, 'user.b').catch(codeOf), 'ENODATA' as never)
  t.deepEqual(await lone.volume.listxattr(nodeid), ['user.a'])
  t.is(lone.source.counts.xattrs, 1)
  lone.source.xattrsOf.set('f', new Map())
  await lone.node.invalidate('v', 'f')
  t.deepEqual(await lone.volume.listxattr(nodeid), [])
})

test('small files that come with their page are read without another call', async (t) => {
  const lone = await LoneNode.start(
    (tree) => {
      tree.makeFile('small', { size: 100 })
      tree.makeFile('large', { size: 101 })
    },
    { inlineBytes: 100 },
  )
  t.deepEqual(await lone.readAll('small'), lone.truth('small'))
  t.is(lone.source.counts.read, 1)
  t.deepEqual(await lone.readAll('large'), lone.truth('large'))
  t.is(lone.source.counts.read, 2)
  lone.tree.write('small')
  await lone.node.invalidate('v', 'small')
  t.deepEqual(await lone.readAll('small'), lone.truth('small'))
})

test('when the kernel has forgotten all, nothing is kept for it', async (t) => {
  const lone = await LoneNode.start((tree) => {
    for (let i = 0; i < 50; i++) tree.makeFile(`d${i % 5}/f${i}`, { size: 5 })
  })
  const entries = new Map<number, number>()
  const refer = async (parent: number, name: string) => {
    const { nodeid } = await lone.volume.lookup(parent, name)
    entries.set(nodeid, (entries.get(nodeid) ?? 0) + 1)
    return nodeid
  }
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 50; i++) await refer(await refer(1, `d${i % 5}`), `f${i}`)
  }
  for (const [nodeid, count] of entries) lone.volume.forget(nodeid, count)
  for (const nodeid of entries.keys()) {
    t.is(await lone.volume.getattr(nodeid).catch(codeOf), 'ESTALE' as never)
  }
})
