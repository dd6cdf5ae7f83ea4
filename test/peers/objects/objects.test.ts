import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { ObjectClient } from '../../../peers/objects/object-client.ts'
import { type RunningObjects, startObjects } from '../../../peers/objects/start-objects.ts'
import { codeOf } from '../../../src/base/errors.ts'
import { MismatchError } from '../../../src/objects/operation.ts'

async function newDirectory(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'obj-'))
  t.teardown(() => rm(directory, { recursive: true }))
  return directory
}

function start(directory: string, shards = 2): Promise<RunningObjects> {
  const socket = join(directory, 's')
  return startObjects({ directory, sizeBytes: 64 << 20, shards, socket, log: () => {} })
}

type Use = (store: ObjectClient, directory: string) => Promise<void>

/** Serves a store of two shards while it is used. */
async function served(t: ExecutionContext, use: Use): Promise<void> {
  const directory = await newDirectory(t)
  const running = await start(directory)
  const store = await ObjectClient.connect(running.socket)
  try {
    await use(store, directory)
  } finally {
    store.close()
    await running.stop()
  }
}

const bytes = (text: string): Buffer => Buffer.from(text)
const textOf = (found?: { bytes: Uint8Array }): string | undefined =>
  found && Buffer.from(found.bytes).toString()

test('a key is written, read, appended to, compared and deleted', (t) =>
  served(t, async (store) => {
    t.is(await store.read('a'), undefined)
    const version = await store.write('a', bytes('one'), { isCompressed: true, expected: 0 })
    const found = await store.read('a')
    t.is(textOf(found), 'one')
    t.is(found?.version, version)
    t.true(found?.isCompressed)
    await store.append('a', bytes(' two'))
    t.is(textOf(await store.read('a')), 'one two')
    t.true((await store.read('a'))?.isCompressed)
    t.false(await store.compare('a', version))
    const error = await t.throwsAsync(store.write('a', bytes('x'), { expected: version }), {
      instanceOf: MismatchError,
    })
    const { version: now } = (await store.stat('a')) ?? {}
    t.is(error?.version, now ?? 0)
    await store.delete('a')
    t.is(await store.read('a'), undefined)
    t.true(await store.compare('a', 0))
    await store.write(7n, bytes('seven'))
    t.is(textOf(await store.read(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7))), 'seven')
  }))

test('an object of many parts is streamed in and out, and in ranges', (t) =>
  served(t, async (store) => {
    const part = Buffer.from(Uint8Array.from({ length: 700_001 }, (_, i) => (i * 7) % 251))
    await store.write('big', [part, part, part, part])
    await store.append('big', bytes('tail'))
    const whole = Buffer.concat([part, part, part, part, bytes('tail')])
    const got: Uint8Array[] = []
    for await (const each of store.stream('big')) got.push(each)
    t.true(Buffer.concat(got).equals(whole))
    const ranges = [
      { from: 0, length: 10 },
      { from: 700_000, length: 3 },
      { from: whole.length - 2, length: 100 },
    ]
    const found = await store.readRange('big', ranges)
    t.is(found?.size, whole.length)
    const expected = ranges.map(({ from, length }) => whole.subarray(from, from + length))
    t.deepEqual(
      found?.parts.map((each) => Buffer.from(each)),
      expected,
    )
    t.true(await store.verify('big'))
    await t.throwsAsync(store.readRange('big', ranges, 1), { instanceOf: MismatchError })
  }))

test('a swap over several shards is all or nothing', (t) =>
  served(t, async (store) => {
    const keys = Array.from({ length: 10 }, (_, i) => `key ${i}`)
    const all = keys.map((key) => ({ key, expected: 0, bytes: bytes(key) }))
    t.true(await store.swap(all))
    t.false(await store.swap([...all.slice(1), { key: 'new', expected: 0, bytes: bytes('x') }]))
    t.is(await store.read('new'), undefined)
    const versions = await Promise.all(
      keys.map(async (key) => (await store.stat(key))?.version ?? 0),
    )
    const deletions = keys.map((key, i) => ({ key, expected: versions[i] ?? 0 }))
    t.true(await store.swap(deletions, { durability: 'sync' }))
    t.is(await store.read('key 3'), undefined)
    const left: unknown[] = []
    for await (const each of store.list('key')) left.push(each)
    t.deepEqual(left, [])
  }))

test('a former version is kept until it is released', (t) =>
  served(t, async (store) => {
    await store.write('a', bytes('one'))
    await store.write('a', bytes('two'), { isRevertable: true })
    t.true((await store.stat('a'))?.isRevertable)
    t.true(await store.revert('a'))
    t.is(textOf(await store.read('a')), 'one')
    t.false(await store.revert('a'))
    await store.write('b', bytes('new'), { isRevertable: true })
    t.true(await store.revert('b'))
    t.is(await store.read('b'), undefined)
    const large = Buffer.alloc(900_000, 'large')
    await store.write('a', large)
    await store.delete('a', { isRevertable: true })
    t.true(await store.revert('a'))
    t.is((await store.stat('a'))?.size, large.length)
    t.true(await store.verify('a'))
    await store.write('a', bytes('x'), { isRevertable: true })
    t.true(await store.release('a'))
    t.false(await store.release('a'))
  }))

test('next pointers are followed over the shards', (t) =>
  served(t, async (store) => {
    for (let i = 0; i < 20; i++) {
      const next = i < 19 ? { next: bytes(`link ${i + 1}`) } : {}
      await store.write(`link ${i}`, bytes(`${i}`), next)
    }
    const all = await store.readFollow('link 0')
    t.deepEqual(
      all.map(textOf),
      Array.from({ length: 20 }, (_, i) => `${i}`),
    )
    t.is((await store.readFollow('link 0', 5)).length, 5)
    t.deepEqual(await store.readFollow('none'), [])
  }))

test('what was written is there for the next server, which keeps its shape', async (t) => {
  const directory = await newDirectory(t)
  let running = await start(directory)
  let store = await ObjectClient.connect(running.socket)
  await Promise.all(Array.from({ length: 300 }, (_, i) => store.write(`key ${i}`, bytes(`${i}`))))
  store.close()
  t.is(codeOf(await t.throwsAsync(start(directory))), 'EBUSY')
  await running.stop()
  t.is(codeOf(await t.throwsAsync(start(directory, 1))), 'EINVAL')
  running = await start(directory)
  store = await ObjectClient.connect(running.socket)
  const listed = new Set<string>()
  for await (const { key } of store.list('key ')) listed.add(Buffer.from(key).toString())
  t.is(listed.size, 300)
  t.is(textOf(await store.read('key 299')), '299')
  t.is((await store.statAll()).length, 2)
  store.close()
  await running.stop()
})
