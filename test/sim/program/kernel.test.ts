import test from 'ava'
import { Kernel } from '../../../sim/program/kernel.ts'
import { PathTable } from '../../../sim/program/path-table.ts'
import { FakeAccess } from './fake-access.ts'

function kernelOf(options: { keepsBytes?: boolean } = {}) {
  const access = new FakeAccess()
  access.tree.makeFile('a/b/file', { size: 10_000 })
  const clock = { nowMs: 0 }
  const elapsedMs = () => clock.nowMs
  const kernel = new Kernel({ access, paths: new PathTable(), elapsedMs, ...options })
  return { access, kernel, clock }
}

const lengthOf = (slices: readonly Uint8Array[]) =>
  slices.reduce((sum, { length }) => sum + length, 0)

test('a path is looked up name by name, and each name once', async (t) => {
  const { access, kernel } = kernelOf()
  t.is((await kernel.stat('a/b/file'))?.size, 10_000)
  t.deepEqual(access.takeAsked(), ['stat ', 'stat a', 'stat a/b', 'stat a/b/file'])
  t.true(kernel.knows('a/b/file'))
  await kernel.stat('a/b/file')
  await kernel.stat('a/b')
  t.deepEqual(access.takeAsked(), [])
})

test('an absent name is remembered, and below it nothing is asked for', async (t) => {
  const { access, kernel } = kernelOf()
  t.is(await kernel.stat('a/none/x'), undefined)
  t.deepEqual(access.takeAsked(), ['stat ', 'stat a', 'stat a/none'])
  t.is(await kernel.stat('a/none'), undefined)
  t.is(await kernel.stat('a/b/file/x'), undefined)
  t.deepEqual(access.takeAsked(), ['stat a/b', 'stat a/b/file'])
  await t.throwsAsync(kernel.read('a/none', 0, 1), { code: 'ENOENT' })
  await t.throwsAsync(kernel.read('a/b', 0, 1), { code: 'EISDIR' })
})

test('what may no longer be believed is asked for again', async (t) => {
  const { access, kernel, clock } = kernelOf()
  access.believedMs = 100
  await kernel.stat('a')
  access.takeAsked()
  clock.nowMs = 100
  t.true(kernel.knows('a'))
  clock.nowMs = 101
  t.false(kernel.knows('a'))
  await kernel.stat('a')
  t.deepEqual(access.takeAsked(), ['stat ', 'stat a'])
})

test('reads ask for whole pages that are missing, and for no others', async (t) => {
  const { access, kernel } = kernelOf({ keepsBytes: true })
  await kernel.stat('a/b/file')
  access.takeAsked()
  t.is(lengthOf((await kernel.read('a/b/file', 5_000, 10)).slices), 10)
  t.deepEqual(access.takeAsked(), ['read a/b/file 4096+4096'])
  t.true(kernel.holds('a/b/file', 4_096, 4_096))
  t.false(kernel.holds('a/b/file', 4_095, 2))
  t.is(lengthOf((await kernel.read('a/b/file', 0, 99_999)).slices), 10_000)
  t.deepEqual(access.takeAsked(), ['read a/b/file 0+4096', 'read a/b/file 8192+1808'])
  t.is(lengthOf((await kernel.read('a/b/file', 100, 9_000)).slices), 9_000)
  t.deepEqual(access.takeAsked(), [])
  t.deepEqual((await kernel.read('a/b/file', 20_000, 1)).slices, [])
})

test('processes that ask for the same at once make one request', async (t) => {
  const { access, kernel } = kernelOf()
  const many = Array.from({ length: 12 }, () => kernel.read('a/b/file', 0, 10_000))
  t.is(new Set((await Promise.all(many)).map(({ slices }) => lengthOf(slices))).size, 1)
  t.deepEqual(
    access.takeAsked().filter((each) => each.includes('file')),
    ['stat a/b/file', 'read a/b/file 0+10000'],
  )
  await Promise.all([kernel.list('a/b'), kernel.list('a/b')])
  await kernel.list('a/b')
  t.deepEqual(access.takeAsked(), ['list a/b'])
})

test('news of a name, of attributes and of data make it forget just these', async (t) => {
  const { access, kernel } = kernelOf()
  await kernel.read('a/b/file', 0, 10_000)
  access.takeAsked()
  access.tell({ type: 'inode', path: 'a/b/file', data: false })
  t.false(kernel.knows('a/b/file'))
  await kernel.read('a/b/file', 0, 10_000)
  t.deepEqual(access.takeAsked(), ['stat a/b/file'])
  access.tell({ type: 'inode', path: 'a/b/file', data: true })
  await kernel.read('a/b/file', 0, 10_000)
  t.deepEqual(access.takeAsked(), ['stat a/b/file', 'read a/b/file 0+10000'])
  access.tell({ type: 'name', path: 'a/b' })
  await kernel.read('a/b/file', 0, 10_000)
  t.deepEqual(access.takeAsked(), ['stat a/b', 'stat a/b/file'])
  access.tell({ type: 'everything' })
  await kernel.read('a/b/file', 0, 10_000)
  t.is(access.takeAsked().length, 5)
})

test('pages of another version of the file are not used', async (t) => {
  const { access, kernel } = kernelOf({ keepsBytes: true })
  const before = await kernel.read('a/b/file', 0, 4_096)
  t.is(before.slices[0]?.[0], 1)
  access.tree.write('a/b/file')
  access.tell({ type: 'inode', path: 'a/b/file', data: false })
  t.false(kernel.holds('a/b/file', 0, 4_096))
  const after = await kernel.read('a/b/file', 0, 4_096)
  t.is(after.slices[0]?.[0], 2)
})

test('what news overtakes on its way is answered, and not kept', async (t) => {
  const { access, kernel } = kernelOf()
  await kernel.stat('a/b/file')
  let open = () => undefined as void
  access.gate = new Promise((resolve) => (open = resolve))
  const read = kernel.read('a/b/file', 0, 4_096)
  access.tell({ type: 'inode', path: 'a/b/file', data: true })
  open()
  t.is(lengthOf((await read).slices), 4_096)
  t.false(kernel.holds('a/b/file', 0, 4_096))
  kernel.close()
})
