import test from 'ava'
import { ERRNO } from '../../../../fuse/protocol/errno.ts'
import { LazyFiles } from '../../../../fuse/session/lazy/lazy-files.ts'
import { PotluckError } from '../../../../src/base/errors.ts'
import { harness, settled } from '../../fake-device.ts'
import { MemoryVolume } from '../../memory-volume.ts'
import { make } from '../../requests.ts'

const tree = { a: { file: 'content of a' }, b: { file: 'content of b' }, c: { file: 'c' } }
const range = { from: 0, length: 100 }

function lazy(maxOpen?: number) {
  const volume = new MemoryVolume(tree)
  const files = new LazyFiles(volume, maxOpen)
  const read = async (name: string) =>
    Buffer.concat(await files.read(volume.find(name).number, range, {})).toString()
  return { volume, files, read }
}

test('A file is opened when it is first read, and once', async (t) => {
  const { volume, read } = lazy()
  t.deepEqual(await Promise.all([read('a'), read('a'), read('b')]), [
    'content of a',
    'content of a',
    'content of b',
  ])
  t.is(volume.calls.get('open'), 2)
})

test('The least recently read is released when too many are open', async (t) => {
  const { volume, files, read } = lazy(2)
  await read('a')
  await read('b')
  await read('a')
  await read('c')
  await settled()
  t.is(files.size, 2)
  const open = new Set([...volume.openFiles.values()].map(({ number }) => number))
  t.deepEqual(open, new Set([volume.find('a').number, volume.find('c').number]))
})

test('What is dropped while it is read is released behind the last reader', async (t) => {
  const { volume, files, read } = lazy()
  const gate = Promise.withResolvers<void>()
  volume.before = (operation) => (operation === 'read' ? gate.promise : undefined)
  const reading = read('a')
  await settled()
  files.drop(volume.find('a').number)
  await settled()
  t.is(volume.openFiles.size, 1)
  gate.resolve()
  t.is(await reading, 'content of a')
  await settled()
  t.is(volume.openFiles.size, 0)
})

test('A file that is no longer what was opened is opened once more, not for ever', async (t) => {
  const { volume, read } = lazy()
  let stale = 1
  volume.before = (operation) => {
    if (operation === 'read' && stale-- > 0) throw new PotluckError('ESTALE', 'it changed')
  }
  t.is(await read('a'), 'content of a')
  t.is(volume.calls.get('open'), 2)
  stale = 2
  await t.throwsAsync(read('a'), { code: 'ESTALE' })
  await settled()
  t.true(volume.openFiles.size <= 1)
})

test('A file that can not be opened fails its readers and is tried again', async (t) => {
  const { volume, files, read } = lazy()
  volume.before = () => {
    throw new PotluckError('EIO', 'broken')
  }
  await t.throwsAsync(read('a'), { code: 'EIO' })
  await settled()
  t.is(files.size, 0)
  volume.before = () => undefined
  t.is(await read('a'), 'content of a')
})

test('With zero-message opens OPEN is ENOSYS, and reads work by inode', async (t) => {
  const { send, volume, session } = harness(tree, { zeroMessageOpens: true })
  await send(make.init())
  const nodeid = volume.find('a').number
  await send(make.lookup('a'))
  t.is((await send(make.open(0, { nodeid })))?.errno, ERRNO.ENOSYS)
  t.is((await send(make.readInode(nodeid)))?.body.toString(), 'content of a')
  volume.write(volume.find('a'), 'another')
  volume.invalidate({ type: 'inode', nodeid, data: true })
  t.is((await send(make.readInode(nodeid)))?.body.toString(), 'another')
  t.is(volume.calls.get('open'), 2)
  await send(make.forget(1, { nodeid }))
  await settled()
  t.is(volume.openFiles.size, 0)
  t.is(session.counters()['fuse_handles'], 0)
})
