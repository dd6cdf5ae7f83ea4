import test from 'ava'
import { Counters } from '../../../../src/base/counters.ts'
import { floorOf, HybridClock, stampAt } from '../../../../src/block/stamp.ts'
import { Floors } from '../../../../src/rumor/floors.ts'
import { Freshness } from '../../../../src/tree/freshness.ts'
import { InodeTable } from '../../../../src/tree/inode-table.ts'
import { KernelNews } from '../../../../src/tree/kernel-news.ts'
import { Doubts } from '../../../../src/tree/news/doubts.ts'
import { TakeNews } from '../../../../src/tree/news/take-news.ts'
import { Told } from '../../../../src/tree/news/told.ts'
import { VirtualClock } from '../../../../sim/engine/virtual-clock.ts'
import { attributesOf, SimTree } from '../../../../sim/storage/tree.ts'

function begin() {
  const clock = new VirtualClock()
  const tree = new SimTree(clock)
  const file = tree.makeFile('f', { size: 1 })
  const floors = new Floors()
  const inodes = new InodeTable('0')
  const told = new Told({ raise: () => {} })
  const freshness = new Freshness({ volume: 'v', clock, floors, revalidateMs: 60_000 })
  const kernel = new KernelNews(inodes, told, () => {})
  const parts = { volume: 'v', floors, inodes, told, freshness, kernel, onRemoved: () => {} }
  const stamps = new HybridClock(clock)
  const doubts = new Doubts({ volume: 'v', clock, stamps, floors, onSettled: () => {} })
  const news = new TakeNews({ ...parts, doubts, counters: new Counters() })
  const before = attributesOf(file)
  const record = inodes.refer(inodes.root, 'f', before.inode)
  const hear = (attributes: typeof before, ms: number, tookMs = 0) => {
    const what = { type: 'attributes', attributes, isContent: true } as const
    const when = { stamp: stampAt(ms), tookMs }
    news.take({ volume: 'v', inode: before.inode, ...when, news: what }, { by: 'rumor' })
  }
  return { before, record, hear }
}

test('a rumor that comes after a reading of what happened later does not undo it', (t) => {
  const { before, record, hear } = begin()
  const [told, read] = [
    { ...before, size: 1 },
    { ...before, size: 2, ctimeNanos: before.ctimeNanos + 1 },
  ]
  // Whoever got a lock at 1,010 had to read what was written until then.
  record.learn({ attributes: read }, floorOf(stampAt(1_010)))
  hear(told, 1_000)
  t.is(record.attributes?.size, 2)
  hear({ ...before, size: 3, ctimeNanos: before.ctimeNanos + 2 }, 1_020)
  t.is(record.attributes?.size, 3)
})

test('of two changes by clocks that differ the source’s own clock says which was later', (t) => {
  const { before, record, hear } = begin()
  hear({ ...before, size: 2, ctimeSeconds: before.ctimeSeconds + 1 }, 1_000)
  hear({ ...before, size: 1 }, 1_300)
  t.is(record.attributes?.size, 2)
})

test('what was told is as fresh as its own change, and not as a later one', (t) => {
  const { before, record, hear } = begin()
  hear({ ...before, size: 2 }, 1_000)
  t.true(record.stamp >= floorOf(stampAt(1_000)))
  // A lock carries the floor of what was written under it a moment later, before its rumor comes.
  t.true(record.stamp < floorOf(stampAt(1_001)))
})

test('what the storage was slow to say does not undo what was made, or read, meanwhile', (t) => {
  const [earlier, later] = [1, 2].map((seconds) => (before: { ctimeSeconds: number }) => {
    return { ctimeSeconds: before.ctimeSeconds + seconds, size: seconds }
  })
  for (const learn of ['heard', 'read']) {
    const { before, record, hear } = begin()
    const meanwhile = { ...before, ...later?.(before) }
    if (learn === 'heard') hear(meanwhile, 3_000)
    else record.learn({ attributes: meanwhile }, stampAt(3_000))
    hear({ ...before, ...earlier?.(before) }, 9_000, 7_000)
    t.is(record.attributes?.size, 2, learn)
    // Begun when the other one was over beyond doubt: then the stamps count, whatever the ctime is.
    hear({ ...before, size: 3 }, 13_000, 3_000)
    t.is(record.attributes?.size, 3, learn)
  }
})
