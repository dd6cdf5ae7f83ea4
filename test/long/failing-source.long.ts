import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { whyNoMount } from '../../peers/commands/demo/fuse-use.ts'
import { DENIED_MS } from '../../src/authority/denials.ts'
import type { ErrnoCode } from '../../src/base/errors.ts'
import { Place, untilReady } from '../peers/composition/peer-process.ts'
import { notRoot } from '../reasons.ts'
import { testUnless } from '../skip.ts'
import { SlowStorage } from './storage/slow-storage.ts'

const MIB = 1 << 20
const OTHERS = 200
const LARGE = 'lib/large'

const mountTest = testUnless(whyNoMount(process.env), notRoot())

function makeTree(root: string): void {
  fs.mkdirSync(path.join(root, 'lib'), { recursive: true })
  fs.mkdirSync(path.join(root, 'other'))
  // No block like another, so that one in the wrong place shows.
  const blocks = Array.from({ length: 12 }, (_, i) => Buffer.alloc(MIB, `block ${i} `))
  fs.writeFileSync(path.join(root, LARGE), Buffer.concat(blocks))
  for (let i = 0; i < OTHERS; i++) fs.writeFileSync(path.join(root, 'other', `${i}`), `file ${i}`)
}

type Mesh = {
  readonly root: string
  readonly storage: SlowStorage
  /** With a way to the storage, and without one. */
  readonly mounts: readonly string[]
}

/** Two peers, of which one alone has the storage, each with a mount. */
async function startMesh(place: Place, stack: AsyncDisposableStack): Promise<Mesh> {
  const root = place.makeDirectory('tree')
  makeTree(root)
  const source = place.makeDirectory('source')
  stack.use(place)
  const storage = stack.use(await SlowStorage.mount(root, [source]))
  const mounts = ['a', 'b'].map((name) => place.makeDirectory(`at-${name}`))
  const [a = '', b = ''] = mounts
  const usual = ['--source-timeout', '2s', '--revalidate', '3s']
  const join = ['--join', `dir:${place.makeDirectory('join')}`]
  const first = ['--source', `data=${source}`, '--mount', `data=${a}`]
  const peers = [
    await place.startPeer('a', [...usual, ...join, ...first]),
    await place.startPeer('b', [...usual, ...join, '--mount', `data=${b}`]),
  ]
  await untilReady(peers)
  return { root, storage, mounts }
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** What every mount says of a file: the hash of its bytes, or the errno. */
function readAt(mounts: readonly string[], name: string): Promise<readonly string[]> {
  const read = (mount: string): Promise<string> =>
    readFile(path.join(mount, name)).then(hashOf, (error: NodeJS.ErrnoException) => `${error.code}`)
  return Promise.all(mounts.map(read))
}

async function checkOthers(t: ExecutionContext, { mounts }: Mesh, from = 0): Promise<void> {
  for (let i = from; i < from + 10; i++) {
    const expected = hashOf(Buffer.from(`file ${i}`))
    t.deepEqual(await readAt(mounts, `other/${i}`), [expected, expected])
  }
}

/**
 * Once the storage is well again, so is everything that failed; what was read in between too. That
 * something is not there is remembered for a second.
 */
async function checkHealed(t: ExecutionContext, mesh: Mesh): Promise<void> {
  await sleep(DENIED_MS)
  const expected = hashOf(fs.readFileSync(path.join(mesh.root, LARGE)))
  t.deepEqual(await readAt(mesh.mounts, LARGE), [expected, expected])
  const names = await Promise.all(mesh.mounts.map((mount) => readdir(path.join(mount, 'other'))))
  t.deepEqual(
    names.map((each) => each.length),
    [OTHERS, OTHERS],
  )
}

for (const [title, call, fault, expected] of [
  ['a read that fails half-way', 'read', 'EIO', 'EIO'],
  ['a file that may not be opened', 'open', 'EACCES', 'EACCES'],
  ['a file that is gone when it is opened', 'open', 'ENOENT', 'ENOENT'],
] as const satisfies readonly (readonly [string, string, ErrnoCode, string])[]) {
  mountTest(`${title} is that error on every mount, and none afterwards`, async (t) => {
    await using stack = new AsyncDisposableStack()
    const mesh = await startMesh(new Place(), stack)
    const rule = { call, path: LARGE, from: call === 'read' ? 6 * MIB : 0, fault } as const
    await mesh.storage.setRules(rule)
    t.deepEqual(await readAt(mesh.mounts, LARGE), [expected, expected])
    await checkOthers(t, mesh)
    await mesh.storage.setRules()
    await checkHealed(t, mesh)
    await checkOthers(t, mesh, 10)
  })
}

mountTest('a directory that may not be listed is that error, and the others go on', async (t) => {
  await using stack = new AsyncDisposableStack()
  const mesh = await startMesh(new Place(), stack)
  await mesh.storage.setRules({ call: 'opendir', path: 'lib', fault: 'EACCES' })
  t.deepEqual(await readAt(mesh.mounts, LARGE), ['EACCES', 'EACCES'])
  await checkOthers(t, mesh)
  await mesh.storage.setRules()
  await checkHealed(t, mesh)
})

mountTest('a read that hangs ends in ETIMEDOUT, and others do not wait for it', async (t) => {
  await using stack = new AsyncDisposableStack()
  const mesh = await startMesh(new Place(), stack)
  await mesh.storage.setRules({ call: 'read', path: LARGE, from: 6 * MIB, fault: 'hang' })
  let isOver = false
  const stuck = readAt(mesh.mounts, LARGE).finally(() => (isOver = true))
  while ((await mesh.storage.counts()).hanging === 0) await sleep(10)
  await checkOthers(t, mesh)
  t.false(isOver, 'others were read while it hung')
  t.deepEqual(await stuck, ['ETIMEDOUT', 'ETIMEDOUT'])
  await mesh.storage.setRules()
  await mesh.storage.release()
  await checkHealed(t, mesh)
})

mountTest('a storage that stops answering stops nobody who has what he reads', async (t) => {
  await using stack = new AsyncDisposableStack()
  const mesh = await startMesh(new Place(), stack)
  await checkOthers(t, mesh)
  mesh.storage.freeze()
  t.deepEqual(await readAt(mesh.mounts, LARGE), ['ETIMEDOUT', 'ETIMEDOUT'])
  mesh.storage.thaw()
  await checkHealed(t, mesh)
  await checkOthers(t, mesh, 20)
})
