import test from 'ava'
import fc from 'fast-check'
import { codeOf, PotluckError } from '../../../src/base/errors.ts'
import { versionOf } from '../../../src/block/version.ts'
import { type BlockResult, type FileInit, OpenFile } from '../../../src/file/open-file.ts'
import type { Want } from '../../../src/ports/messages.ts'
import { InodeTable } from '../../../src/tree/inode-table.ts'
import { Contents } from '../../../sim/storage/contents.ts'
import { attributesOf, SimTree } from '../../../sim/storage/tree.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

const BLOCK = 100

/** A file of this size, its blocks read from the tree as it is at that moment. */
function fileOf(size: number, inline = false) {
  const tree = new SimTree(new VirtualClock())
  const contents = new Contents('real')
  const made = tree.makeFile('f', { size })
  const table = new InodeTable('0')
  const record = table.refer(table.root, 'f', attributesOf(made).inode)
  record.attributes = attributesOf(made)
  const truth = () =>
    contents.bytes({ inode: made.number, generation: made.generation, from: 0, length: made.size })
  const brought: number[] = []
  const prefetched: number[] = []
  const state: { before: (want: Want) => Promise<void>; told: number } = {
    before: async () => {},
    told: 0,
  }
  const here = new Map<number, Uint8Array>()
  const bring = async (want: Want): Promise<BlockResult> => {
    brought.push(want.index)
    await state.before(want)
    const attributes = attributesOf(made)
    if (versionOf(attributes) !== want.version) return { type: 'changed', attributes, stamp: 1 }
    const from = want.index * BLOCK
    return { type: 'bytes', bytes: truth().subarray(from, from + BLOCK) }
  }
  const init: FileInit = {
    volume: 'v',
    blockBytes: BLOCK,
    windowBytes: 4 * BLOCK,
    wholeFileBytes: 3 * BLOCK,
    bring,
    held: (asked) => here.get(asked.index),
    prefetch: (asked) => prefetched.push(asked.index),
    onChanged: (its, { attributes, stamp }) => its.learn({ attributes }, stamp),
    told: () => state.told,
    fresh: async () => attributesOf(made),
  }
  const file = new OpenFile(init, record, inline ? truth() : undefined)
  const read = async (from: number, length: number) =>
    Buffer.concat((await file.read({ from, length })) ?? [])
  return { file, tree, read, truth, brought, prefetched, here, state, record }
}

test('any range is what the file holds there', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(1000),
      fc.array(fc.tuple(fc.nat(1100), fc.nat(700)), { maxLength: 10 }),
      async (size, ranges) => {
        const { read, truth } = fileOf(size)
        for (const [from, length] of ranges) {
          t.deepEqual(await read(from, length), Buffer.from(truth().subarray(from, from + length)))
        }
      },
    ),
    { numRuns: 100 },
  )
})

test('only the blocks of the range are waited for, and each once', async (t) => {
  const { read, brought } = fileOf(1000)
  await read(150, 200)
  t.deepEqual(brought, [1, 2, 3])
})

test('a block that is here is not asked for', async (t) => {
  const { read, brought, here } = fileOf(1000)
  here.set(2, new Uint8Array(BLOCK).fill(7))
  const bytes = await read(150, 200)
  t.deepEqual(brought, [1, 3])
  t.true(bytes.subarray(50, 150).every((byte) => byte === 7))
})

test('a small file is prefetched whole, but not what is being read', async (t) => {
  const { read, brought, prefetched } = fileOf(300)
  await read(100, 50)
  t.deepEqual(brought, [1])
  t.deepEqual(prefetched, [0, 2])
})

test('a file that came with its page asks for no block, until it is another one', async (t) => {
  const { read, brought, truth, tree, record } = fileOf(90, true)
  t.deepEqual(await read(10, 1000), Buffer.from(truth().subarray(10)))
  t.deepEqual(brought, [])
  tree.write('f', 95)
  record.learn({ attributes: attributesOf(tree.find('f')) }, 2)
  t.deepEqual(await read(10, 1000), Buffer.from(truth().subarray(10)))
  t.deepEqual(brought, [0])
})

test('a file that changes while it is read is read again: never two states in one answer', async (t) => {
  for (const changeAt of [0, 1, 2, 3]) {
    const { read, truth, tree, state } = fileOf(400)
    let isChanged = false
    state.before = async ({ index }) => {
      if (index !== changeAt || isChanged) return
      isChanged = true
      await Promise.resolve()
      tree.write('f', 380)
    }
    t.deepEqual(await read(0, 400), Buffer.from(truth()))
  }
})

test('a file that never stands still is given up in the end', async (t) => {
  const { file, tree, state } = fileOf(400)
  state.before = async () => void tree.write('f')
  t.is(await file.read({ from: 0, length: 400 }), undefined)
})

test('an error of one block is the error of the read', async (t) => {
  const { read, state } = fileOf(400)
  state.before = async ({ index }) => {
    if (index >= 2) throw new PotluckError('EACCES', 'no')
  }
  t.is(await read(0, 400).catch(codeOf), 'EACCES' as never)
  t.is((await read(0, 200)).length, 200)
})

test('bytes that came with the directory’s page are good until the file is said to have changed', async (t) => {
  const { read, truth, brought, state } = fileOf(50, true)
  t.deepEqual(await read(0, 50), Buffer.from(truth()))
  t.deepEqual(brought, [])
  state.told = 9
  t.deepEqual(await read(0, 50), Buffer.from(truth()))
  t.deepEqual(brought, [0])
})
