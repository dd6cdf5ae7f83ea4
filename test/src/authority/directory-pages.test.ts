import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { DirectoryPages } from '../../../src/authority/directory-pages.ts'
import { PageFilling } from '../../../src/authority/page-filling.ts'
import { codeOf, PotluckError } from '../../../src/base/errors.ts'
import { NAMES_ONLY, type Want } from '../../../src/ports/messages.ts'
import { checkPage, Page } from '../../../src/wire/page.ts'
import { attributesOf, SimTree } from '../../../sim/storage/tree.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'
import { TreeSource } from './tree-source.ts'

function pagesOver(build: (tree: SimTree) => void) {
  const tree = new SimTree(new VirtualClock())
  build(tree)
  const source = new TreeSource(tree)
  const pages = new DirectoryPages({ source, inlineBytes: 0 })
  let stamp = 0
  const read = async (want: Partial<Want>, before?: Uint8Array) => {
    stamp += 1
    const basic = { volume: 'v', kind: 'page', inode: '0', index: 0, splits: 0, path: '' } as const
    const full: Want = { ...basic, version: 0, floor: 0, reach: 'climb', ...want }
    const { bytes, ...rest } = await pages.read({ want: full, stamp, before }, {})
    checkPage(bytes)
    return { page: new Page(bytes), bytes, ...rest }
  }
  return { tree, source, read }
}

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

const letters = (tree: SimTree) => {
  for (const name of NAMES) tree.makeFile(name, { size: 1 })
}

test('the names alone cost one listing and no look at any child', async (t) => {
  const { read, source } = pagesOver(letters)
  const { page } = await read({ name: NAMES_ONLY })
  t.deepEqual(
    [...page.all()].map(({ name }) => name),
    NAMES,
  )
  t.is(page.bare, NAMES.length)
  t.true(page.has('a') && page.find('a') === undefined && !page.has('z'))
  t.deepEqual([source.counts.list, source.counts.stat], [1, 0])
})

test('a name that is asked for comes with its attributes, an absent one for nothing', async (t) => {
  const { read, source, tree } = pagesOver(letters)
  const { page } = await read({ name: 'c' })
  t.deepEqual(page.find('c')?.attributes, attributesOf(tree.find('c')))
  t.is(page.bare, NAMES.length - 1)
  t.true((await read({ name: 'z' })).page.answers('z'))
  t.is(source.counts.list, 1)
})

test('what is asked for at once is listed once, and each child is looked at once', async (t) => {
  const { read, source } = pagesOver(letters)
  const pages = await Promise.all([...NAMES, 'z'].map((name) => read({ name })))
  for (const [index, name] of NAMES.entries()) t.truthy(pages[index]?.page.find(name))
  const { page } = await read({})
  t.is(page.bare, 0)
  t.deepEqual([source.counts.list, source.counts.stat], [1, NAMES.length])
})

test('behind a name that was asked for the others are read, one at a time', async (t) => {
  const { read, source } = pagesOver(letters)
  let underWay = 0
  let most = 0
  source.before = async (call) => {
    if (call !== 'entries') return
    most = Math.max(most, ++underWay)
    await setImmediate()
    underWay -= 1
  }
  await read({ name: NAMES_ONLY })
  await read({ name: 'f' })
  for (let i = 0; i < 2 * NAMES.length; i++) await setImmediate()
  t.deepEqual([source.counts.stat, most], [NAMES.length, 1])
  t.is((await read({ name: NAMES_ONLY })).page.bare, 0)
})

test('a name that went away meanwhile is absent, and the rest is listed anew', async (t) => {
  const { read, source, tree } = pagesOver(letters)
  const first = await read({ name: NAMES_ONLY })
  tree.remove('b')
  const second = await read({ name: 'b' })
  t.false(second.page.has('b'))
  t.true(second.page.total === NAMES.length - 1 && second.stamp > first.stamp)
  t.is(source.counts.list, 2)
})

test('a name that is listed and leads nowhere is absent', async (t) => {
  const { read, source } = pagesOver(letters)
  const list = source.list.bind(source)
  source.list = async (path, options) => {
    const listing = await list(path, {
      choose: (names) =>
        (options?.choose?.([...names, 'ghost']) ?? []).filter((it) => it !== 'ghost'),
    })
    return { ...listing, names: [...listing.names, { name: 'ghost', type: 'file' }] }
  }
  t.false((await read({ name: 'ghost' })).page.has('ghost'))
  t.false((await read({})).page.has('ghost'))
})

test('read again, it says of every name that it said something of before', async (t) => {
  const { read, tree, source } = pagesOver(letters)
  const { bytes, stamp } = await read({})
  tree.write('d', 9)
  const again = await read({ name: 'a', floor: stamp + 1 }, bytes)
  t.is(again.page.bare, 0)
  t.is(again.page.find('d')?.attributes.size, 9)
  t.is(source.counts.list, 2)
})

test('an error is the answer of those who wait, and of nobody after them', async (t) => {
  const { read, source } = pagesOver(letters)
  source.before = () => {
    throw new PotluckError('EIO', 'broken')
  }
  const answers = [read({ name: 'a' }), read({ name: 'b' })].map((one) => one.catch(codeOf))
  t.deepEqual(await Promise.all(answers), ['EIO', 'EIO'] as never)
  source.before = () => {}
  t.truthy((await read({ name: 'a' })).page.find('a'))
})

test('who asks for one name after the other will want them all', (t) => {
  const self = attributesOf(new SimTree(new VirtualClock()).find(''))
  const names = NAMES.map((name) => ({ name, type: 'file' as const }))
  const listing = { self, names, entries: [] }
  const filling = new PageFilling({ stamp: 1, listing, names: NAMES, splits: 0 })
  const asked = (name: string) => {
    const due = filling.demand(name)
    filling.learn(
      [],
      due.map((one) => ({ name: one, attributes: self })),
    )
    return due
  }
  t.deepEqual(asked('e'), ['e'])
  t.is(filling.ahead(), 'f')
  t.deepEqual(asked('a'), ['a'])
  t.deepEqual(asked('b'), ['b'])
  t.deepEqual(asked('c'), ['c', 'd', 'f', 'g', 'h'])
  t.is(filling.ahead(), undefined)
})
