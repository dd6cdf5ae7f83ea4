import test from 'ava'
import fc from 'fast-check'
import type { InodeRecord } from '../../../src/tree/inode-record.ts'
import { InodeTable, ROOT_NODEID } from '../../../src/tree/inode-table.ts'

test('the root is there from the start, and stays', (t) => {
  const table = new InodeTable('0')
  t.is(table.byNodeid(ROOT_NODEID), table.root)
  table.forget(ROOT_NODEID, 1000)
  t.is(table.byNodeid(ROOT_NODEID), table.root)
  t.is(table.root.path(), '')
})

test('the kernel’s references are counted, and with the last one the inode leaves', (t) => {
  const table = new InodeTable('0')
  const file = table.refer(table.root, 'f', '7')
  t.is(table.refer(table.root, 'f', '7'), file)
  table.forget(file.nodeid, 1)
  t.is(table.byNodeid(file.nodeid), file)
  table.forget(file.nodeid, 1)
  t.is(table.byNodeid(file.nodeid), undefined)
  t.is(table.byInode('7'), undefined)
  t.is(table.root.children.size, 0)
  t.is(table.size, 1)
})

test('an open file stays when it is forgotten, and leaves when it is closed', (t) => {
  const table = new InodeTable('0')
  const file = table.refer(table.root, 'f', '7')
  table.opened(file)
  table.forget(file.nodeid, 1)
  t.is(table.byNodeid(file.nodeid), file)
  table.closed(file)
  t.is(table.size, 1)
})

test('a directory stays as long as something below it is known', (t) => {
  const table = new InodeTable('0')
  const directory = table.refer(table.root, 'd', '1')
  const file = table.refer(directory, 'f', '2')
  table.forget(directory.nodeid, 1)
  t.is(file.path(), 'd/f')
  t.is(table.size, 3)
  table.forget(file.nodeid, 1)
  t.is(table.size, 1)
})

test('which pages of a directory were used is known when the kernel looks at it again', (t) => {
  const table = new InodeTable('0')
  const first = table.refer(table.root, 'd', '1')
  const changed = { ctimeSeconds: 1, ctimeNanos: 0 }
  first.setPageStamp(0, 5, changed)
  first.setPageStamp(3, 7, { ...changed, ctimeSeconds: 2 })
  first.setPageStamp(0, 6, changed)
  table.forget(first.nodeid, 1)
  const again = table.refer(table.root, 'd', '1')
  t.not(again, first)
  t.deepEqual([again.pageStamp(0), again.pageStamp(3), again.newestPageStamp], [6, 7, 7])
  t.deepEqual(again.pagesSeen?.changed, { ctimeSeconds: 2, ctimeNanos: 0 })
})

test('a nodeid is never used twice', (t) => {
  const table = new InodeTable('0')
  const seen = new Set<number>()
  for (let i = 0; i < 100; i++) {
    const file = table.refer(table.root, 'f', '7')
    t.false(seen.has(file.nodeid))
    seen.add(file.nodeid)
    table.forget(file.nodeid, 1)
  }
})

test('a file of two names is one inode, found by the newest name, then by the one that is left', (t) => {
  const table = new InodeTable('0')
  const directory = table.refer(table.root, 'd', '1')
  const file = table.refer(table.root, 'a', '7')
  t.is(table.refer(directory, 'b', '7'), file)
  t.is(file.path(), 'd/b')
  table.unlink(directory, 'b')
  t.is(file.path(), 'a')
  table.unlink(table.root, 'a')
  t.is(file.path(), 'a', 'the last name stays as a hint')
  t.is(table.root.children.size, 1)
})

test('a renamed file is found by its new name', (t) => {
  const table = new InodeTable('0')
  const file = table.refer(table.root, 'old', '7')
  table.unlink(table.root, 'old')
  t.is(table.refer(table.root, 'new', '7'), file)
  t.is(file.path(), 'new')
  t.is(file.lookups, 2)
})

test('a renamed directory takes along what is below it', (t) => {
  const table = new InodeTable('0')
  const directory = table.refer(table.root, 'old', '1')
  const file = table.refer(directory, 'f', '7')
  table.unlink(table.root, 'old')
  table.refer(table.root, 'new', '1')
  t.is(file.path(), 'new/f')
})

test('another inode by the same name takes the name over', (t) => {
  const table = new InodeTable('0')
  const before = table.refer(table.root, 'f', '7')
  table.root.addAbsent('f')
  const after = table.refer(table.root, 'f', '8')
  t.not(before.nodeid, after.nodeid)
  t.is(table.root.children.get('f'), after)
  t.false(table.root.absent.has('f'))
  t.is(table.byNodeid(before.nodeid), before, 'the kernel still has it')
  table.forget(before.nodeid, 1)
  t.is(table.root.children.get('f'), after)
})

test('whatever is done, the table holds what is used, and nothing else', (t) => {
  const step = fc.record({
    does: fc.constantFrom('refer', 'refer', 'refer', 'forget', 'unlink', 'open', 'close'),
    parent: fc.nat(3),
    name: fc.constantFrom('a', 'b', 'c'),
    inode: fc.integer({ min: 10, max: 16 }).map(String),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const table = new InodeTable('0')
      const held: InodeRecord[] = []
      const opened: InodeRecord[] = []
      for (const { does, parent, name, inode } of steps) {
        const directory = held.filter((one) => Number(one.inode) < 13)[parent] ?? table.root
        if (does === 'refer' && !isBelow(directory, inode)) {
          held.push(table.refer(directory, name, inode))
        }
        if (does === 'unlink') table.unlink(directory, name)
        if (does === 'forget') {
          const [record] = held.splice(parent, 1)
          if (record !== undefined) table.forget(record.nodeid, 1)
        }
        if (does === 'open' && held[parent] !== undefined) {
          table.opened(held[parent])
          opened.push(held[parent])
        }
        if (does === 'close') {
          const record = opened.pop()
          if (record !== undefined) table.closed(record)
        }
        for (const record of [...held, ...opened]) t.is(table.byNodeid(record.nodeid), record)
        for (const record of table.records()) {
          t.is(table.byInode(record.inode), record)
          for (const [title, child] of record.children) {
            t.is(table.byNodeid(child.nodeid), child)
            t.true(child.links.some((link) => link.parent === record && link.name === title))
          }
        }
      }
      for (const record of held.splice(0)) table.forget(record.nodeid, 1)
      for (const record of opened.splice(0)) table.closed(record)
      t.is(table.size, 1)
    }),
    { numRuns: 300 },
  )
})

/** A directory is never below itself: no file system lets it. */
function isBelow(directory: InodeRecord, inode: string): boolean {
  const above = [directory]
  for (const record of above) {
    if (record.inode === inode) return true
    for (const { parent } of record.links) if (!above.includes(parent)) above.push(parent)
  }
  return false
}
