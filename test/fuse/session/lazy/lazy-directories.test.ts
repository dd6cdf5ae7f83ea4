import test from 'ava'
import { ERRNO } from '../../../../fuse/protocol/errno.ts'
import { LazyDirectories, type Place } from '../../../../fuse/session/lazy/lazy-directories.ts'
import { harness, settled } from '../../fake-device.ts'
import { MemoryVolume, type Tree } from '../../memory-volume.ts'
import { make } from '../../requests.ts'

const tree: Tree = {
  a: { directory: { one: { file: '' }, two: { file: '' }, three: { file: '' } } },
  b: { directory: { four: { file: '' } } },
  c: { directory: {} },
}

function lazy(maxOpen?: number) {
  const volume = new MemoryVolume(tree)
  const directories = new LazyDirectories(volume, maxOpen)
  const number = (name: string) => volume.find(name).number
  /** One name, and where to go on: as a kernel with little room asks. */
  const next = async (name: string, offset: number) => {
    const nodeid = number(name)
    const place: Place = await directories.place(nodeid, offset, {})
    const [entry] = volume.readdir(place.handle, place.offset)
    if (entry === undefined) directories.end(nodeid, place)
    return { name: entry?.name, offset: (entry?.nextOffset ?? 0) + place.base }
  }
  const rest = async (name: string, offset: number) => {
    const names: string[] = []
    for (let at = offset; ;) {
      const found = await next(name, at)
      if (found.name === undefined) return names
      names.push(found.name)
      at = found.offset
    }
  }
  const change = (name: string) => directories.onInvalidation(entryIn(number(name)))
  return { volume, directories, number, next, rest, change }
}

function entryIn(parent: number) {
  return { type: 'entry', parent, name: 'x' } as const
}

test('A listing is opened once, and closed when it has been read to its end', async (t) => {
  const { volume, directories, rest } = lazy()
  t.deepEqual(await rest('a', 0), ['.', '..', 'one', 'two', 'three'])
  t.is(volume.calls.get('opendir'), 1)
  t.is(volume.openDirectories.size, 0)
  t.is(directories.size, 0)
})

test('Who is in the middle of a listing goes on in it when the directory changes', async (t) => {
  const { volume, next, rest, change } = lazy()
  const begun = await next('a', (await next('a', 0)).offset)
  volume.find('a').children.delete('one')
  change('a')
  t.deepEqual(await rest('a', 0), ['.', '..', 'two', 'three'], 'who begins now')
  const other = await next('a', 0)
  t.true(other.offset > 2 ** 32, 'its offsets tell it from the first')
  t.deepEqual(await rest('a', begun.offset), ['one', 'two', 'three'])
  t.deepEqual(await rest('a', other.offset), ['..', 'two', 'three'])
  t.is(volume.openDirectories.size, 0)
})

test('A change of the whole volume is one of every directory that is being listed', async (t) => {
  const { directories, next, rest } = lazy()
  const begun = await next('a', 0)
  directories.onInvalidation({ type: 'everything' })
  t.true((await next('a', 0)).offset > 2 ** 32)
  t.true((await next('b', 0)).offset < 2 ** 32)
  t.deepEqual(await rest('a', begun.offset), ['..', 'one', 'two', 'three'])
})

test('The least recently read is dropped when too many are open, and opened again', async (t) => {
  const { volume, directories, next, rest } = lazy(2)
  const a = await next('a', 0)
  await next('b', 0)
  await next('c', 0)
  t.is(directories.size, 2)
  t.is(volume.openDirectories.size, 2)
  t.deepEqual(await rest('a', a.offset), ['..', 'one', 'two', 'three'])
})

test('What the kernel forgets is closed', async (t) => {
  const { volume, directories, next, number } = lazy()
  await next('a', 0)
  await next('b', 0)
  directories.forget(number('a'))
  t.is(volume.openDirectories.size, 1)
})

test('What is being opened when all is closed is closed as well', async (t) => {
  const { volume, directories, next } = lazy()
  const gate = Promise.withResolvers<void>()
  volume.before = (operation) => (operation === 'opendir' ? gate.promise : undefined)
  const opening = next('a', 0)
  directories.close()
  gate.resolve()
  await opening
  await settled()
  t.is(volume.openDirectories.size, 0)
})

test('With zero-message opens OPENDIR is ENOSYS, and listings work by inode', async (t) => {
  const { send, volume, session } = harness(tree, { zeroMessageOpens: true })
  await send(make.init())
  const nodeid = volume.find('b').number
  t.is((await send(make.opendir({ nodeid })))?.errno, ERRNO.ENOSYS)
  const listed = await send(make.readdir(0, 0, { nodeid, plus: true }))
  t.regex(listed?.body.toString('latin1') ?? '', /four/)
  t.is(session.counters()['fuse_handles'], 1)
  t.is((await send(make.readdir(0, 3, { nodeid, plus: true })))?.body.length, 0)
  t.is(session.counters()['fuse_handles'], 0)
  await send(make.readdir(0, 0, { nodeid }))
  session.close()
  t.is(volume.openDirectories.size, 0)
})
