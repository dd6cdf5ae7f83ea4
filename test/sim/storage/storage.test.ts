import test from 'ava'
import { PotluckError } from '../../../src/base/errors.ts'
import { Contents } from '../../../sim/storage/contents.ts'
import { Life } from '../../../sim/engine/life.ts'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import { SimSource } from '../../../sim/storage/source.ts'
import { DEFAULT_STORAGE, Storage, type StorageCosts } from '../../../sim/storage/storage.ts'
import { SimTree } from '../../../sim/storage/tree.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

const STEADY = {
  ...DEFAULT_STORAGE,
  latencySpread: 0,
  metadataPerSecond: Infinity,
  bytesPerMs: Infinity,
}

function makeSource(costs: Partial<StorageCosts> = {}, kind: 'zero' | 'real' = 'real') {
  const clock = new VirtualClock()
  const storage = new Storage({
    clock,
    random: new SeededRandom(1),
    costs: { ...STEADY, ...costs },
  })
  const tree = new SimTree(clock)
  const contents = new Contents(kind)
  const life = new Life(clock)
  const source = new SimSource({ storage, tree, contents, life, node: 0, blockBytes: 4096 })
  return { clock, storage, tree, contents, life, source }
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'fine',
    (error: unknown) => (error instanceof PotluckError ? error.code : 'not ours'),
  )

test('every call is counted, and every block of every generation', async (t) => {
  const { clock, storage, tree, source } = makeSource()
  const file = tree.makeFile('lib/a', { size: 10_000 })
  tree.makeSymlink('lib/b', 'a')
  const inode = String(file.number)
  await clock.runUntil(source.list('lib'))
  await clock.runUntil(source.read('lib/a', { inode, from: 0, length: 8192 }))
  await clock.runUntil(source.read('lib/a', { inode, from: 8192, length: 8192 }))
  tree.write('lib/a')
  await clock.runUntil(source.read('lib/a', { inode, from: 0, length: 4096 }))
  t.deepEqual(storage.counts, { readdir: 1, stat: 3, open: 3, read: 3, bytes: 14_096 })
  t.deepEqual(source.counts, storage.counts)
  t.deepEqual(
    [...storage.blockReads],
    [0, 1, 2].map((index) => [`${inode}@1#${index}`, 1]).concat([[`${inode}@2#0`, 1]]) as never,
  )
  t.deepEqual([...storage.lists], [['lib', 1]])
})

test('bytes depend on inode, generation and offset alone', async (t) => {
  const { clock, tree, source } = makeSource()
  const { number } = tree.makeFile('a', { size: 9_999 })
  const inode = String(number)
  const read = async (from: number, length: number) =>
    Buffer.from((await clock.runUntil(source.read('a', { inode, from, length }))).bytes)
  const whole = await read(0, 10_000)
  t.is(whole.length, 9_999)
  t.deepEqual(await read(4_097, 77), whole.subarray(4_097, 4_097 + 77))
  tree.write('a')
  t.notDeepEqual(await read(0, 9_999), whole)
})

test('accounted bytes are nobody’s memory, but each array knows whose it is', (t) => {
  const contents = new Contents('zero')
  const extent = { inode: 5, generation: 2, from: 1_048_576, length: 1_000_000 }
  const [a, b] = [contents.bytes(extent), contents.bytes({ ...extent, inode: 6 })]
  t.is(a.buffer, b.buffer)
  t.not(a, b)
  t.is(contents.extentOf(a), extent)
  t.is(contents.extentOf(b)?.inode, 6)
  t.true(a.buffer.byteLength - a.length <= a.length >> 3, 'a shard would copy it')
})

test('errors are those of a file system', async (t) => {
  const { clock, tree, source } = makeSource()
  const { number } = tree.makeFile('a', { size: 1 })
  const code = (work: Promise<unknown>) => clock.runUntil(codeOf(work))
  const range = { inode: String(number), from: 0, length: 1 }
  t.is(await code(source.attributes('b')), 'ENOENT')
  t.is(await code(source.list('a')), 'ENOTDIR')
  t.is(await code(source.read('', range)), 'EISDIR')
  t.is(await code(source.read('a', { ...range, inode: '999' })), 'ESTALE')
})

test('a file replaced by rename has another inode, and a changed one a new ctime', (t) => {
  const { tree } = makeSource()
  const first = tree.makeFile('a', { size: 1 })
  const second = tree.makeFile('b', { size: 1 })
  tree.rename('b', 'a')
  t.is(tree.find('a'), second)
  t.is(tree.at('b'), undefined)
  t.is(first.nlink, 0)
  const before = second.changed
  tree.write('a')
  t.notDeepEqual(second.changed, before)
})

test('calls queue for the slots, the metadata server and the line', async (t) => {
  const { clock, tree, source } = makeSource({ latencyMs: 10, concurrency: 2 })
  tree.makeFile('a', { size: 1 })
  await clock.runUntil(Promise.all(Array.from({ length: 6 }, () => source.attributes('a'))))
  t.is(clock.elapsedMs, 30)

  const slow = makeSource({ latencyMs: 0, metadataPerSecond: 100 })
  await slow.clock.runUntil(
    Promise.all(Array.from({ length: 6 }, () => slow.source.attributes(''))),
  )
  t.is(Math.round(slow.clock.elapsedMs), 60)

  const thin = makeSource({ latencyMs: 0, bytesPerMs: 100 })
  const inode = String(thin.tree.makeFile('a', { size: 1_000 }).number)
  const reads = [0, 1, 2].map(() => thin.source.read('a', { inode, from: 0, length: 1_000 }))
  await thin.clock.runUntil(Promise.all(reads))
  t.is(thin.clock.elapsedMs, 30)
})

test('faults: an error, a hang, a stall', async (t) => {
  const { clock, storage, tree, source } = makeSource({ latencyMs: 1, timeoutMs: 30_000 })
  tree.makeFile('a', { size: 1 })
  storage.rules.push(({ path }) => {
    if (path === 'eio') return { type: 'error', code: 'EIO' }
    if (path === 'hang') return { type: 'hang' }
    return path === 'a' ? { type: 'stall', untilMs: 60_000 } : undefined
  })
  t.is(await clock.runUntil(codeOf(source.attributes('eio'))), 'EIO')
  t.is(await clock.runUntil(codeOf(source.attributes('hang'))), 'ETIMEDOUT')
  t.is(clock.elapsedMs, 30_001)
  t.is(await clock.runUntil(codeOf(source.attributes('a'))), 'fine')
  t.is(clock.elapsedMs, 60_000)
})

test('an abort ends the wait, not the call', async (t) => {
  const { clock, storage, tree, source } = makeSource({ latencyMs: 100, concurrency: 1 })
  tree.makeFile('a', { size: 1 })
  const controller = new AbortController()
  const first = codeOf(source.attributes('a', { signal: controller.signal }))
  clock.after(10, () => controller.abort())
  t.is(await clock.runUntil(first), 'ABORTED')
  t.is(clock.elapsedMs, 10)
  await clock.runUntil(source.attributes('a'))
  t.is(clock.elapsedMs, 200)
  t.is(storage.counts.stat, 2)
})

test('a file that changes while all of it is read shows its old attributes with its new bytes', async (t) => {
  const { clock, tree, source, contents } = makeSource({ latencyMs: 10 })
  const file = tree.makeFile('a', { size: 100 })
  const before = file.changed
  const range = { inode: String(file.number), from: 0, length: 100 }
  const reading = source.read('a', range)
  clock.after(5, () => tree.write('a'))
  const { attributes, bytes } = await clock.runUntil(reading)
  t.is(attributes.ctimeNanos, before.nanos)
  t.is(contents.extentOf(bytes)?.generation, 2)
})

test('a file that grows while all of it is read is never shown cut, as it never was', async (t) => {
  for (const length of [100, 4096]) {
    const { clock, tree, source } = makeSource({ latencyMs: 10 })
    const file = tree.makeFile('a', { size: 100 })
    const reading = source.read('a', { inode: String(file.number), from: 0, length })
    clock.after(5, () => tree.write('a', 116))
    const { attributes } = await clock.runUntil(reading)
    t.is(attributes.size, 116)
  }
})

test('a file that changes while a part of it is read shows its new attributes', async (t) => {
  const { clock, tree, source } = makeSource({ latencyMs: 10 })
  const file = tree.makeFile('a', { size: 100 })
  const before = file.changed
  const reading = source.read('a', { inode: String(file.number), from: 0, length: 50 })
  clock.after(5, () => tree.write('a'))
  const { attributes } = await clock.runUntil(reading)
  t.not(attributes.ctimeNanos, before.nanos)
})

test('a crowd makes the storage slower than its parts are, and no crowd does not', async (t) => {
  const crowd = async (congestion: number, calls: number) => {
    const costs = { latencyMs: 0, concurrency: 1, metadataPerSecond: 1_000, congestion }
    const { clock, storage, source } = makeSource(costs)
    await clock.runUntil(Promise.all(Array.from({ length: calls }, () => source.attributes(''))))
    t.is(storage.waitingMost, calls - 1)
    t.is(storage.waiting, 0)
    return clock.elapsedMs / calls
  }
  t.is(Math.round(await crowd(0, 100)), 1)
  t.is(await crowd(0.02, 1), 1)
  // On average half of the calls wait: 1 + 0.02 × 50.
  t.is(Math.round((await crowd(0.02, 100)) * 10), 20)
  t.is(Math.round(await crowd(1_000, 100)), 8, 'congestionMax')
})

test('bytes off the storage come in through the node’s own line', async (t) => {
  const clock = new VirtualClock()
  const costs = { ...STEADY, latencyMs: 2, bytesPerMs: 1_000 }
  const storage = new Storage({ clock, random: new SeededRandom(1), costs })
  const tree = new SimTree(clock)
  const inode = String(tree.makeFile('a', { size: 10_000 }).number)
  const intake = (bytes: number) => bytes / 500
  const place = { life: new Life(clock), node: 0, blockBytes: 4096, intake }
  const source = new SimSource({ storage, tree, contents: new Contents('zero'), ...place })
  await clock.runUntil(source.read('a', { inode, from: 0, length: 10_000 }))
  t.is(clock.elapsedMs, 2 + 10 + 20)
  await clock.runUntil(source.attributes('a'))
  t.is(clock.elapsedMs, 2 + 10 + 20 + 2)
})

test('a client waits for a directory’s names, and then for its children, so many at a time', async (t) => {
  const { clock, tree, source } = makeSource({ latencyMs: 10, looksAtOnce: 2 })
  for (let i = 0; i < 5; i++) tree.makeFile(`lib/${i}`, { size: 1 })
  await clock.runUntil(source.list('lib', { choose: () => [] }))
  t.is(clock.elapsedMs, 10)
  await clock.runUntil(source.list('lib'))
  t.is(clock.elapsedMs, 10 + 40)
  await clock.runUntil(source.entries('lib', ['0', '1', '2']))
  t.is(clock.elapsedMs, 10 + 40 + 20)
})
