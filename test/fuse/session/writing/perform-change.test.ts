import { readFileSync } from 'node:fs'
import test from 'ava'
import { ERRNO } from '../../../../fuse/protocol/errno.ts'
import { OPCODE } from '../../../../fuse/protocol/opcodes.ts'
import { FOPEN } from '../../../../fuse/protocol/flags.ts'
import { groupsIn } from '../../../../fuse/session/writing/caller-groups.ts'
import type { ChangeOptions } from '../../../../src/volume/volume.ts'
import { PosixVolume } from '../../../posix/posix-volume.ts'
import { harnessOf, settled, type Received } from '../../fake-device.ts'
import { body, make, request } from '../../requests.ts'

const CREATED_BYTES = 16 + 128 + 16
const S_IFREG = 0o100000

const nodeidOf = (reply: Received | undefined) => Number(reply?.body.readBigUInt64LE(0))
const handleOf = (reply: Received | undefined) => Number(reply?.body.readBigUInt64LE(128))

test('A CREATE is an entry and a handle in one, written to and released', async (t) => {
  const { volume, send, session } = harnessOf(new PosixVolume())
  const created = await send(make.create('file', { mode: S_IFREG | 0o666 }))
  t.like(created, { errno: 0, length: CREATED_BYTES })
  t.is(created?.body.readUInt32LE(136), FOPEN.KEEP_CACHE)
  const [nodeid, handle] = [nodeidOf(created), handleOf(created)]
  const written = await send(make.write([handle, 3, 'abc'], { nodeid }))
  t.is(written?.body.readUInt32LE(0), 3)
  t.is(Buffer.concat(volume.at('file').content.read(0, 9)).toString(), '\0\0\0abc')
  t.is(volume.at('file').mode, 0o644, 'the umask came along')
  t.is(volume.at('file').uid, 1000)
  t.is((await send(make.flush({ handle })))?.errno, 0)
  t.is((await send(make.release(handle)))?.errno, 0)
  t.is(volume.openHandles, 0)
  t.is(session.counters()['fuse_inodes'], 1)
  t.is((await send(make.create('file', { flags: 0o302 })))?.errno, ERRNO.EEXIST)
})

test('What was made for nobody gives back what the kernel would have held', async (t) => {
  const { volume, send, session, device } = harnessOf(new PosixVolume(), {
    hasGivenUp: () => true,
  })
  const gate = Promise.withResolvers<void>()
  volume.before = () => gate.promise
  await send(make.create('file', { unique: 10 }))
  await send(make.mkdir('folder', 0o755, { unique: 12 }))
  await send(make.interrupt(10))
  await send(make.interrupt(12))
  t.deepEqual(
    device.received.map(({ errno }) => errno),
    [ERRNO.EINTR, ERRNO.EINTR],
  )
  gate.resolve()
  await settled()
  t.deepEqual([...volume.tree.root.entries.keys()], ['file', 'folder'], 'made it stays')
  t.is(volume.openHandles, 0)
  t.deepEqual([...volume.references.values()], [0, 0])
  t.is(session.counters()['fuse_inodes'], 0)
})

test('An answer that can not be delivered is taken back', async (t) => {
  const { volume, send, device } = harnessOf(new PosixVolume())
  device.isListening = false
  await send(make.create('file'))
  await send(make.symlink('link', 'file'))
  t.is(volume.openHandles, 0)
  t.deepEqual([...volume.references.values()], [0, 0])
})

test('A wait for a lock ends with any signal, and nothing stays locked', async (t) => {
  const { volume, send, device } = harnessOf(new PosixVolume(), { hasGivenUp: () => false })
  const nodeid = nodeidOf(await send(make.create('file')))
  const whole = [0n, 2n ** 63n - 1n, 1] as [bigint, bigint, number]
  t.is((await send(make.lock('SETLK', whole, { nodeid, owner: 1n })))?.errno, 0)
  t.is((await send(make.lock('SETLK', whole, { nodeid, owner: 2n })))?.errno, ERRNO.EAGAIN)
  t.is(await send(make.lock('SETLKW', whole, { nodeid, owner: 2n, unique: 20 })), undefined)
  await send(make.interrupt(20))
  t.like(device.received.at(-1), { unique: 20, errno: ERRNO.EINTR })
  const unlock = make.lock('SETLK', [0n, 2n ** 63n - 1n, 2], { nodeid, owner: 1n })
  t.is((await send(unlock))?.errno, 0)
  t.deepEqual(volume.at('file').locks.held, [])
})

test('A lock that is granted after its program was killed is dropped', async (t) => {
  const { volume, send } = harnessOf(new PosixVolume(), { hasGivenUp: () => true })
  const nodeid = nodeidOf(await send(make.create('file')))
  const gate = Promise.withResolvers<void>()
  volume.before = (operation) => (operation === 'lock' ? gate.promise : undefined)
  await send(make.lock('SETLK', [0n, 9n, 1], { nodeid, unique: 30 }))
  await send(make.interrupt(30))
  gate.resolve()
  await settled()
  t.deepEqual(volume.at('file').locks.held, [])
})

test('GETLK tells what is in the way, or that nothing is', async (t) => {
  const { send } = harnessOf(new PosixVolume())
  const nodeid = nodeidOf(await send(make.create('file')))
  await send(make.lock('SETLK', [5n, 9n, 0], { nodeid, owner: 1n }))
  const query = (kind: number) =>
    make.lock('GETLK', [0n, 2n ** 63n - 1n, kind], { nodeid, owner: 2n })
  const found = (await send(query(1)))?.body
  t.deepEqual(
    [found?.readBigUInt64LE(0), found?.readBigUInt64LE(8), found?.readUInt32LE(16)],
    [5n, 9n, 0],
  )
  const free = (await send(query(0)))?.body
  t.deepEqual([free?.readBigUInt64LE(8), free?.readUInt32LE(16)], [2n ** 63n - 1n, 2])
})

test('Groups as /proc tells of them', (t) => {
  t.deepEqual(groupsIn('Gid:\t1\t1\nGroups:\t4 24 1000 \nNStgid:\t7\n'), [4, 24, 1000])
  t.deepEqual(groupsIn('Gid:\t1\t1\nGroups:\t \nNStgid:\t7\n'), [])
})

test('What depends on nobody’s groups does not look for them; what asks gets them', async (t) => {
  const { volume, send } = harnessOf(new PosixVolume())
  const seen: ChangeOptions[] = []
  volume.before = (operation, options) => {
    if (operation === 'create') seen.push(options as ChangeOptions)
  }
  await send(make.create('file', { pid: process.pid }))
  await send(make.create('other', { pid: 2 ** 22 + 1 }))
  t.like(seen[0]?.caller, { uid: 1000, gid: 1001, umask: 0o22 })
  const mine = readFileSync(`/proc/${process.pid}/status`, 'latin1')
  t.deepEqual(seen[0]?.caller.groups, groupsIn(mine))
  t.deepEqual(seen[1]?.caller.groups, [], 'of a program that is not there')
})

test('An append that went elsewhere drops the pages that the kernel thinks it wrote', async (t) => {
  const { volume, send, session } = harnessOf(new PosixVolume())
  const created = await send(make.create('log', { flags: 0o2102 }))
  const [nodeid, handle] = [nodeidOf(created), handleOf(created)]
  await send(make.write([handle, 0, 'mine'], { nodeid, flags: 0o2002 }))
  t.is(session.invalidations.count, 0)
  volume.tree.write(volume.at('log'), 4, Buffer.from('theirs'))
  await send(make.write([handle, 4, 'mine'], { nodeid, flags: 0o2002 }))
  t.is(session.invalidations.count, 1)
  // Pages are written back where they are, through whatever handle.
  await send(make.write([handle, 0, 'MINE'], { nodeid, flags: 0o2002, writeFlags: 1 }))
  t.is(session.invalidations.count, 1)
  t.is(Buffer.concat(volume.at('log').content.read(0, 99)).toString(), 'MINEtheirsmine')
})

test('What was never given is refused, and what makes no sense', async (t) => {
  const { send } = harnessOf(new PosixVolume())
  t.is((await send(make.write([77, 0, 'x'])))?.errno, ERRNO.EBADF)
  t.is((await send(make.flush({ handle: 77 })))?.errno, ERRNO.EBADF)
  t.is((await send(make.fsync(77)))?.errno, ERRNO.EBADF)
  t.is((await send(make.fallocate([77, 0, 1, 0])))?.errno, ERRNO.EBADF)
  t.is((await send(make.fallocate([77, 0, 1, 8])))?.errno, ERRNO.ENOTSUP)
  t.is((await send(make.setattr(64 | 8, { 2: 77 })))?.errno, ERRNO.EBADF)
  t.is((await send(make.rename(['a', 1, 'b'], { flags: 4 })))?.errno, ERRNO.EINVAL)
  t.is((await send(make.mknod('d', 0o040755)))?.errno, ERRNO.EINVAL)
  t.is((await send(make.mkdir('..', 0o755)))?.errno, ERRNO.EINVAL)
  t.is((await send(make.unlink('x'.repeat(256))))?.errno, ERRNO.ENAMETOOLONG)
  t.is((await send(make.setxattr('security.x', 'y')))?.errno, ERRNO.ENOTSUP)
})

test('A list set by one who is not in the group takes set-group-id with it', async (t) => {
  const { volume, send } = harnessOf(new PosixVolume())
  const nodeid = nodeidOf(await send(make.create('file')))
  const set = (flags: number) =>
    request(OPCODE.SETXATTR, body(1, 0, flags, 0, 'system.posix_acl_access\0x'), { nodeid })
  volume.at('file').mode = 0o2770
  t.is((await send(set(0)))?.errno, 0)
  t.is(volume.at('file').mode, 0o2770)
  t.is((await send(set(1)))?.errno, 0)
  t.is(volume.at('file').mode, 0o770)
})

test('A close asks the volume only where something was written or locked', async (t) => {
  const { volume, send } = harnessOf(new PosixVolume())
  const created = await send(make.create('file'))
  const [nodeid, handle] = [nodeidOf(created), handleOf(created)]
  const flushes = async () => {
    t.is((await send(make.flush({ handle, nodeid })))?.errno, 0)
    return volume.calls.get('flush') ?? 0
  }
  t.is(await flushes(), 0)
  await send(make.write([handle, 0, 'x'], { nodeid }))
  t.is(await flushes(), 1)
  const opened = await send(make.open(2, { nodeid }))
  const other = Number(opened?.body.readBigUInt64LE(0))
  t.is((await send(make.flush({ handle: other, nodeid })))?.errno, 0)
  t.is(volume.calls.get('flush'), 1, 'this one has written nothing')
  await send(make.write([handle, 0, 'x'], { nodeid, writeFlags: 1 }))
  t.is((await send(make.flush({ handle: other, nodeid })))?.errno, 0)
  t.is(volume.calls.get('flush'), 2, 'pages are written back through any')
  const third = nodeidOf(await send(make.create('third')))
  await send(make.lock('SETLK', [0n, 9n, 0], { nodeid: third }))
  const locker = Number((await send(make.open(0, { nodeid: third })))?.body.readBigUInt64LE(0))
  t.is((await send(make.flush({ handle: locker, nodeid: third })))?.errno, 0)
  t.deepEqual(volume.at('third').locks.held, [], 'any close drops them')
})

test('A session that ends drops the locks that its programs still hold', async (t) => {
  const { volume, send, session } = harnessOf(new PosixVolume())
  const nodeid = nodeidOf(await send(make.create('file')))
  await send(make.lock('SETLK', [0n, 9n, 0], { nodeid, owner: 1n }))
  await send(make.lock('SETLK', [0n, 2n ** 63n - 1n, 0], { nodeid, owner: 2n, isFlock: true }))
  t.is(volume.at('file').locks.held.length, 2)
  session.close()
  await settled()
  t.deepEqual(volume.at('file').locks.held, [])
})
