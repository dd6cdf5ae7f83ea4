import test from 'ava'
import { floorOf, HybridClock, stampAt, toldBy } from '../../../src/block/stamp.ts'
import { versionOf } from '../../../src/block/version.ts'
import type { Attributes, Invalidation, Want } from '../../../src/ports/messages.ts'
import { FoundChanges } from '../../../src/tree/found-changes.ts'
import { encodePage } from '../../../src/wire/page.ts'
import { attributesOf, SimTree } from '../../../sim/storage/tree.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

const wantOf = (inode: string): Want => ({
  volume: 'v',
  kind: 'data',
  inode,
  index: 0,
  splits: 0,
  path: 'f',
  version: 1,
  floor: 0,
  reach: 'climb',
})

const times = { mtimeSeconds: 5, mtimeNanos: 0, ctimeSeconds: 5, ctimeNanos: 0 }
const attributes = { size: 3, ...times } as unknown as Attributes
const nothingHeld = () => false

function pageOf(tree: SimTree): Uint8Array {
  const entries = [...tree.root.children].map(([name, child]) => {
    return { name, attributes: attributesOf(child) }
  })
  return encodePage({ self: attributesOf(tree.root), splits: 0, total: entries.length, entries })
}

function finding() {
  const clock = new VirtualClock()
  const stamps = new HybridClock(clock)
  const told: Invalidation[] = []
  const found = new FoundChanges({ clock, tell: (changes) => told.push(...changes) })
  const find = (inode: string, isHeld: (want: Want) => boolean = nothingHeld) =>
    found.changed(wantOf(inode), { attributes, begun: stamps.tick() }, isHeld)
  return { clock, stamps, told, found, find }
}

test('a file that was found to be another one is told of, at most once a second', async (t) => {
  const { clock, told, find } = finding()
  for (const inode of ['7', '7', '8']) find(inode)
  t.deepEqual(
    told.map(({ inode }) => inode),
    ['7', '8'],
  )
  await clock.run(1_000)
  find('7')
  t.is(told.length, 3)
})

test('it is told like any change: what it is now, as of when the source was asked', async (t) => {
  const { clock, stamps, told, found } = finding()
  const stamp = stamps.tick()
  await clock.run(30)
  found.changed(wantOf('7'), { attributes, begun: stamp }, nothingHeld)
  const news = { type: 'attributes', attributes, isContent: true } as const
  t.deepEqual(told, [{ volume: 'v', inode: '7', stamp, news }])
})

test('of files it is told what they are now, of directories only that they changed', async (t) => {
  const { clock, stamps, told, found } = finding()
  const tree = new SimTree(clock)
  tree.makeFile('written', { size: 5 })
  tree.makeFile('moded', { size: 5 })
  tree.makeFile('below/file', { size: 5 })
  const [begun, before] = [stamps.tick(), { bytes: pageOf(tree) }]
  const stamp = stamps.reading(floorOf(stampAt(clock.now() + 250)))
  await clock.run(30)
  tree.write('written')
  tree.setMode('moded', 0o600)
  tree.makeFile('below/other', { size: 1 })
  tree.makeFile('came', { size: 1 })
  found.reread(wantOf('1'), [before, { bytes: pageOf(tree), stamp, begun }])
  const at = (path: string) => attributesOf(tree.find(path))
  const when = { volume: 'v', stamp: begun }
  const old = { volume: 'v', stamp: toldBy(stamp) }
  const file = (path: string, isContent: boolean) => {
    const attributes = at(path)
    return { inode: attributes.inode, ...when, news: { type: 'attributes', attributes, isContent } }
  }
  const expected = [
    { inode: at('below').inode, ...old },
    file('moded', true),
    file('written', true),
    { inode: '1', ...old },
  ]
  t.deepEqual(told as unknown, expected)
})

test('what it remembers is bounded', (t) => {
  const { told, find } = finding()
  for (let i = 0; i <= 1_024; i++) find(String(i))
  find('1024')
  t.is(told.length, 1_025)
  find('0')
  t.is(told.length, 1_026, 'the oldest was let go')
})

test('who had not heard of a change makes nobody tell of it once more', (t) => {
  const { told, find } = finding()
  const asked: Want[] = []
  find('7', (want) => asked.push(want) > 0)
  t.deepEqual(told, [])
  t.deepEqual(asked, [{ ...wantOf('7'), version: versionOf(attributes) }])
})
