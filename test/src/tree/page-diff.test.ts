import test from 'ava'
import { InodeTable } from '../../../src/tree/inode-table.ts'
import { areNamesEqual, changedInodes, diffForKernel } from '../../../src/tree/page-diff.ts'
import { encodePage, Page, partOf } from '../../../src/wire/page.ts'
import { attributesOf, SimTree } from '../../../sim/storage/tree.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

function treeOf(...names: string[]): SimTree {
  const tree = new SimTree(new VirtualClock())
  for (const name of names) tree.makeFile(name, { size: 5 })
  return tree
}

function pageOf(tree: SimTree, splits = 0, part = 0): Page {
  const all = [...tree.root.children].map(([name, inode]) => {
    return { name, attributes: attributesOf(inode) }
  })
  const entries = splits === 0 ? all : all.filter(({ name }) => partOf(name, splits) === part)
  const content = { self: attributesOf(tree.root), splits, total: all.length, entries }
  return new Page(encodePage(content))
}

const inodeOf = (tree: SimTree, path: string) => attributesOf(tree.find(path)).inode

test('the mesh is told of inodes that changed, not of such that came or went', (t) => {
  const tree = treeOf('a', 'b', 'c', 'd')
  const before = pageOf(tree)
  const changed = [inodeOf(tree, 'a'), inodeOf(tree, 'b')]
  tree.write('a')
  tree.setMode('b', 0o600)
  tree.remove('c')
  tree.makeFile('e', { size: 1 })
  const found = changedInodes([before, pageOf(tree)]).map(([, now]) => now.inode)
  t.deepEqual(found.sort(), changed.sort())
  t.deepEqual(changedInodes([before, before]), [])
})

test('names differ where one came, went, or leads elsewhere', (t) => {
  const check = (change: (tree: SimTree) => void, expected: boolean) => {
    const tree = treeOf('a', 'b')
    const before = pageOf(tree)
    change(tree)
    t.is(areNamesEqual(before, pageOf(tree)), expected)
  }
  check(() => {}, true)
  check((tree) => tree.write('a'), true)
  check((tree) => tree.remove('a'), false)
  check((tree) => tree.makeFile('c', { size: 1 }), false)
  check((tree) => tree.rename('a', 'b'), false)
  check((tree) => tree.rename('a', 'c'), false)
})

test('the kernel is told of exactly what it believes otherwise', (t) => {
  const tree = treeOf('same', 'data', 'mode', 'gone', 'over', 'unknown')
  const table = new InodeTable('0')
  for (const name of ['same', 'data', 'mode', 'gone', 'over']) {
    const record = table.refer(table.root, name, inodeOf(tree, name))
    record.attributes = attributesOf(tree.find(name))
  }
  for (const name of ['came', 'still absent']) table.root.addAbsent(name)
  t.deepEqual(diffForKernel(table.root, pageOf(tree), 0), { names: [], inodes: [] })
  tree.write('data')
  tree.write('unknown')
  Object.assign(tree.find('mode'), { mode: 0o600 })
  tree.remove('gone')
  tree.makeFile('came', { size: 1 })
  tree.remove('over')
  tree.makeFile('over', { size: 1 })
  const { names, inodes } = diffForKernel(table.root, pageOf(tree), 0)
  t.deepEqual(names.sort(), ['came', 'gone', 'over'])
  const told = inodes.map(({ record, data }) => `${record.path()} ${data}`)
  t.deepEqual(told.sort(), ['data true', 'mode false'])
})

test('a part of a large directory says nothing of the names on other parts', (t) => {
  const names = Array.from({ length: 40 }, (_, i) => `f${i}`)
  const tree = treeOf(...names)
  const table = new InodeTable('0')
  for (const name of names) {
    table.refer(table.root, name, inodeOf(tree, name)).attributes = attributesOf(tree.find(name))
  }
  for (const name of names) tree.remove(name)
  const told = [1, 2, 3].flatMap((part) => {
    const diff = diffForKernel(table.root, pageOf(tree, 3, part), part)
    t.true(diff.names.every((name) => partOf(name, 3) === part))
    return diff.names
  })
  t.deepEqual(told.sort(), names.sort())
})
