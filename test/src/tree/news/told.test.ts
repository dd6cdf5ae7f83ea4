import test from 'ava'
import { floorOf, stampAt } from '../../../../src/block/stamp.ts'
import { newsOfPage } from '../../../../src/tree/news/page-news.ts'
import { Told } from '../../../../src/tree/news/told.ts'
import { encodePage, Page } from '../../../../src/wire/page.ts'
import { attributesOf, SimTree } from '../../../../sim/storage/tree.ts'
import { VirtualClock } from '../../../../sim/engine/virtual-clock.ts'

function pageOf(tree: SimTree): Page {
  const entries = [...tree.root.children].map(([name, inode]) => {
    return { name, attributes: attributesOf(inode) }
  })
  const self = attributesOf(tree.root)
  return new Page(encodePage({ self, splits: 0, total: entries.length, entries }))
}

function begin() {
  const tree = new SimTree(new VirtualClock())
  for (const name of ['kept', 'gone', 'moved']) tree.makeFile(name, { size: 1 })
  const found = { page: pageOf(tree), stamp: stampAt(10_000), part: 0 }
  const told = new Told({ raise: () => {} })
  const at = (ms: number) => floorOf(stampAt(ms))
  const learn = (name: string, ms: number) => {
    const child = tree.at(name)
    const entry = child && { attributes: attributesOf(child) }
    told.names.learn('0', name, { entry, stamp: at(ms), by: 'p', changed: attributesOf(tree.root) })
  }
  return { tree, found, told, learn, at }
}

test('what was told counts unless the page was certainly read later', (t) => {
  const { tree, found, told, learn } = begin()
  tree.remove('gone')
  tree.makeFile('new', { size: 2 })
  tree.rename('moved', 'renamed')
  // By clocks that differ by up to half a second, these may all be later than the page.
  learn('gone', 9_600)
  learn('new', 10_000)
  learn('moved', 11_000)
  learn('renamed', 11_000)
  const view = told.view('0', found)
  t.deepEqual(
    ['kept', 'gone', 'new', 'moved', 'renamed'].map((name) => [name, view.has(name)]),
    [
      ['kept', true],
      ['gone', false],
      ['new', true],
      ['moved', false],
      ['renamed', true],
    ],
  )
  t.is(view.find('new')?.attributes.size, 2)
  t.is(view.find('gone'), undefined)
  const late = { ...found, stamp: stampAt(20_000) }
  t.is(told.view('0', late).has('gone'), true)
  t.is(told.view('0', late).find('new'), undefined)
})

test('attributes that were told correct those of pages, and of names told before', (t) => {
  const { tree, found, told, learn, at } = begin()
  tree.makeFile('new', { size: 0 })
  learn('new', 10_100)
  tree.write('new', 77)
  tree.write('kept', 88)
  for (const name of ['new', 'kept']) {
    const attributes = attributesOf(tree.find(name))
    told.inodes.learn(attributes.inode, { attributes, stamp: at(10_200) })
  }
  t.is(told.resolve('0', 'new', found).entry?.attributes.size, 77)
  t.is(told.resolve('0', 'kept', found).entry?.attributes.size, 88)
  const news = newsOfPage(told, { volume: 'v', inode: '0', index: 0 }, found) ?? []
  t.deepEqual(news.map(({ news: one }) => one?.type ?? '').toSorted(), [
    'attributes',
    'attributes',
    'name',
  ])
  const late = { ...found, stamp: stampAt(20_000) }
  t.deepEqual(newsOfPage(told, { volume: 'v', inode: '0', index: 0 }, late), [])
})

test('a name told late, by a call that took long, does not undo what was told meanwhile of its file', (t) => {
  const { tree, told, at } = begin()
  const made = attributesOf(tree.makeFile('new', { size: 0 }))
  const changed = attributesOf(tree.root)
  tree.write('new', 77)
  const written = attributesOf(tree.find('new'))
  told.inodes.learn(made.inode, { attributes: written, stamp: at(10_100) })
  const fact = {
    entry: { attributes: made },
    stamp: at(11_750),
    begun: at(10_000),
    by: 'q',
    changed,
  }
  told.names.learn('0', 'new', fact)
  t.is(told.answer('new', fact).entry?.attributes.size, 77)
  t.is(told.answer('new', { ...fact, begun: at(11_700) }).entry?.attributes.size, 0, 'begun later')
})

test('of two states told with close stamps the source’s own clock says which is later', (t) => {
  const { tree, told, at } = begin()
  const before = attributesOf(tree.find('kept'))
  tree.write('kept', 5)
  const after = attributesOf(tree.find('kept'))
  const { inode } = after
  t.true(told.inodes.learn(inode, { attributes: after, stamp: at(1_000) }))
  t.false(told.inodes.learn(inode, { attributes: before, stamp: at(1_400) }))
  t.true(told.inodes.learn(inode, { attributes: before, stamp: at(1_600) }))
})

test('more news than a message may have is none: the page is to be read again', (t) => {
  const { tree, told, found, at } = begin()
  const changed = attributesOf(tree.root)
  for (let i = 0; i < 1_025; i++) {
    told.names.learn('0', `n${i}`, { entry: undefined, stamp: at(11_000), by: 'p', changed })
  }
  t.is(newsOfPage(told, { volume: 'v', inode: '0', index: 0 }, found), undefined)
})
