import test from 'ava'
import { DirectoryAuthority } from '../../../src/authority/directory-authority.ts'
import { NAMES_A_PAGE } from '../../../src/authority/directory-pages.ts'
import { codeOf } from '../../../src/base/errors.ts'
import { checksumOf } from '../../../src/block/checksum.ts'
import { HybridClock, stampAt } from '../../../src/block/stamp.ts'
import { versionOf } from '../../../src/block/version.ts'
import type { Block, Want } from '../../../src/ports/messages.ts'
import { checkPage, Page, partOf } from '../../../src/wire/page.ts'
import { decodeXattrs } from '../../../src/wire/xattrs.ts'
import { attributesOf, SimTree } from '../../../sim/storage/tree.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'
import { TreeSource } from './tree-source.ts'

const BLOCK = 1000

function authorityOf(build: (tree: SimTree) => void, inlineBytes = 0) {
  const clock = new VirtualClock()
  const tree = new SimTree(clock)
  build(tree)
  const source = new TreeSource(tree)
  const stamps = new HybridClock(clock)
  const init = { source, blockBytes: BLOCK, inlineBytes, clock, stamps, checksum: checksumOf }
  return { clock, tree, source, stamps, authority: new DirectoryAuthority(init) }
}

const wantOf = (want: Partial<Want>): Want => {
  const basic = { volume: 'v', kind: 'page', inode: '0', index: 0, splits: 0, path: '' } as const
  return { ...basic, version: 0, floor: 0, reach: 'climb', ...want }
}

async function blockOf(authority: DirectoryAuthority, want: Partial<Want>): Promise<Block> {
  const answer = await authority.read(wantOf(want))
  if (answer.type !== 'block') throw new Error(answer.type)
  return answer.block
}

const dataWant = (tree: SimTree, path: string, index = 0): Partial<Want> => {
  const attributes = attributesOf(tree.find(path))
  const version = versionOf(attributes)
  return { kind: 'data', inode: attributes.inode, index, path, version }
}

test('a block carries its version, its checksum and a stamp', async (t) => {
  const { authority, tree, source } = authorityOf((it) => it.makeFile('d/f', { size: 2500 }))
  for (const [index, length] of [1000, 1000, 500, 0].entries()) {
    const block = await blockOf(authority, dataWant(tree, 'd/f', index))
    const expected = source.bytes(tree.find('d/f'), { from: index * BLOCK, length: BLOCK })
    t.is(block.bytes.length, length)
    t.deepEqual(block.bytes, expected)
    t.is(block.checksum, checksumOf(block.bytes))
    t.is(block.version, versionOf(attributesOf(tree.find('d/f'))))
    t.true(block.stamp > 0)
  }
})

test('the stamp is from before the read: what changes meanwhile makes it stale', async (t) => {
  const { authority, stamps, source, tree } = authorityOf((it) => it.makeFile('f', { size: 10 }))
  let told = 0
  source.before = () => {
    told = stamps.tick()
  }
  t.true((await blockOf(authority, dataWant(tree, 'f'))).stamp < told)
  t.true((await blockOf(authority, {})).stamp < told)
})

test('what is read is as fresh as it was wanted, though the clock here is slow', async (t) => {
  const { authority, clock } = authorityOf(() => {})
  const floor = stampAt(clock.now() + 5000)
  t.is((await blockOf(authority, { floor })).stamp, floor)
})

test('a file of another version is answered with its attributes', async (t) => {
  const { authority, tree } = authorityOf((it) => it.makeFile('f', { size: 10 }))
  const want = dataWant(tree, 'f')
  tree.write('f', 20)
  const answer = await authority.read(wantOf(want))
  t.is(answer.type, 'changed')
  if (answer.type === 'changed') t.deepEqual(answer.attributes, attributesOf(tree.find('f')))
})

test('another inode at the path is ESTALE, for whatever is read', async (t) => {
  const { authority, tree } = authorityOf((it) => {
    it.makeFile('f', { size: 10 })
    it.makeDirectory('d')
  })
  const inode = '999'
  const check = async (want: Partial<Want>) =>
    t.is(await authority.read(wantOf(want)).catch(codeOf), 'ESTALE' as never)
  await check({ ...dataWant(tree, 'f'), inode })
  await check({ kind: 'page', path: 'd', inode })
  await check({ kind: 'xattrs', path: 'f', inode })
})

test('what the source fails with is what the asker gets', async (t) => {
  const { authority, tree } = authorityOf((it) => it.makeFile('f', { size: 10 }))
  const inode = attributesOf(tree.find('f')).inode
  const check = async (want: Partial<Want>, code: string) =>
    t.is(await authority.read(wantOf(want)).catch(codeOf), code as never)
  await check({ ...dataWant(tree, 'f'), path: 'gone' }, 'ENOENT')
  await check({ path: 'gone', inode }, 'ENOENT')
  await check({ path: 'f', inode }, 'ENOTDIR')
})

test('a file that became shorter while it was read is an error, not a short block', async (t) => {
  const { authority, tree, source } = authorityOf((it) => it.makeFile('f', { size: 800 }))
  const want = dataWant(tree, 'f')
  const read = source.read.bind(source)
  source.read = async (path, range) => {
    const whole = await read(path, range)
    return { ...whole, bytes: whole.bytes.subarray(0, 700) }
  }
  t.is(await authority.read(wantOf(want)).catch(codeOf), 'EIO' as never)
})

test('a page holds every child with its attributes, and links with their targets', async (t) => {
  const { authority, tree } = authorityOf((it) => {
    it.makeFile('d/b', { size: 5 })
    it.makeFile('d/a', { size: 6 })
    it.makeSymlink('d/l', '../elsewhere')
  })
  const { inode } = attributesOf(tree.find('d'))
  const { bytes } = await blockOf(authority, { path: 'd', inode })
  checkPage(bytes)
  const page = new Page(bytes)
  t.deepEqual(
    [...page].map(({ name }) => name),
    ['a', 'b', 'l'],
  )
  t.deepEqual(page.find('a')?.attributes, attributesOf(tree.find('d/a')))
  t.is(page.find('l')?.target, '../elsewhere')
  t.deepEqual(page.self, attributesOf(tree.find('d')))
  t.is(page.total, 3)
})

test('a directory of many names is split, and each name is on exactly one part', async (t) => {
  const count = NAMES_A_PAGE + 500
  const { authority, source } = authorityOf((it) => {
    for (let i = 0; i < count; i++) it.makeFile(`file ${i}`, { size: 1 })
  })
  const head = new Page((await blockOf(authority, {})).bytes)
  t.is(head.count, 0)
  t.is(head.total, count)
  t.is(source.counts.stat, 0, 'the head asks for no attributes')
  const { splits } = head
  const seen = new Set<string>()
  for (let index = 1; index <= splits; index++) {
    const { bytes } = await blockOf(authority, { index, splits })
    checkPage(bytes)
    const part = new Page(bytes)
    t.true(part.count <= NAMES_A_PAGE)
    for (const { name } of part) {
      t.false(seen.has(name))
      t.is(partOf(name, splits), index)
      seen.add(name)
    }
  }
  t.is(seen.size, count)
  t.is(source.counts.stat, count)
})

test('small files travel in the page, up to their limit and the limit of a page', async (t) => {
  const { authority, tree, source } = authorityOf((it) => {
    for (let i = 0; i < 200; i++) it.makeFile(`f${i}`, { size: 4000 })
    it.makeFile('large', { size: 4001 })
    it.makeFile('empty', { size: 0 })
    it.makeDirectory('d')
  }, 4000)
  const { bytes } = await blockOf(authority, {})
  checkPage(bytes)
  const page = new Page(bytes)
  const inline = [...page].filter((entry) => entry.inline !== undefined)
  t.is(inline.length, Math.floor((256 * 1024) / 4000))
  for (const { name, inline: own } of inline) {
    t.deepEqual(Buffer.from(own as Uint8Array), Buffer.from(source.bytes(tree.find(name), all)))
  }
  for (const name of ['large', 'empty', 'd']) t.is(page.find(name)?.inline, undefined)
})

const all = { from: 0, length: Infinity }

test('a small file that changed under the page, or can not be read, does not travel in it', async (t) => {
  const { authority, tree, source } = authorityOf((it) => {
    for (const name of ['a', 'b', 'c']) it.makeFile(name, { size: 10 })
  }, 100)
  source.before = (call, path) => {
    if (call === 'read' && path === 'a') tree.write('a')
    if (call === 'read' && path === 'b') tree.remove('b')
  }
  const page = new Page((await blockOf(authority, {})).bytes)
  t.is(page.find('a')?.inline, undefined)
  t.is(page.find('b')?.inline, undefined)
  t.is(page.find('c')?.inline?.length, 10)
})

test('extended attributes travel as a block of their own', async (t) => {
  const { authority, tree, source } = authorityOf((it) => it.makeFile('f', { size: 1 }))
  source.xattrsOf.set('f', new Map([['user.\xff', Buffer.from('x')]]))
  const { inode } = attributesOf(tree.find('f'))
  const { bytes } = await blockOf(authority, { kind: 'xattrs', path: 'f', inode })
  t.is(Buffer.from(decodeXattrs(bytes).get('user.\xff') ?? []).toString(), 'x')
})
