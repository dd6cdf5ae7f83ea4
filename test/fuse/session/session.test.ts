import test from 'ava'
import { ERRNO } from '../../../fuse/protocol/errno.ts'
import { FOPEN } from '../../../fuse/protocol/flags.ts'
import { OPCODE } from '../../../fuse/protocol/opcodes.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import { harness } from '../fake-device.ts'
import { body, make, request } from '../requests.ts'

const tree = {
  file: { file: 'some content' },
  link: { link: 'fi\xe9le' },
  folder: { directory: { inner: { file: 'x' } } },
}

test('A LOOKUP gives an entry and one reference, a FORGET takes it back', async (t) => {
  const { volume, send, session } = harness(tree)
  const reply = await send(make.lookup('file'))
  t.like(reply, { errno: 0, unique: 2, length: 144 })
  const nodeid = Number(reply?.body.readBigUInt64LE(0))
  await send(make.lookup('file'))
  t.is(volume.references.get(nodeid), 2)
  t.is(await send(make.forget(2, { nodeid })), undefined, 'nobody waits for a reply')
  t.is(volume.references.get(nodeid), 0)
  t.is(session.counters()['fuse_inodes'], 0)
})

test('A FORGET of more than was given takes back no more', async (t) => {
  const { volume, send } = harness(tree)
  const reply = await send(make.lookup('file'))
  const nodeid = Number(reply?.body.readBigUInt64LE(0))
  await send(
    make.batchForget([
      [nodeid, 1000],
      [999_999, 5],
      [nodeid, 1],
    ]),
  )
  t.is(volume.references.get(nodeid), 0)
  t.false(volume.references.has(999_999))
})

test('An absent name is an answer that may be kept, not an error', async (t) => {
  const { send } = harness(tree)
  const reply = await send(make.lookup('nothing'))
  t.like(reply, { errno: 0, length: 144 })
  t.is(reply?.body.readBigUInt64LE(0), 0n)
  t.is(reply?.body.readBigUInt64LE(16), 3600n)
})

test('Names that can not be are refused before the volume hears of them', async (t) => {
  const { send, volume } = harness(tree)
  t.is((await send(make.lookup('x'.repeat(256))))?.errno, ERRNO.ENAMETOOLONG)
  t.is((await send(make.lookup('..')))?.errno, ERRNO.EINVAL)
  t.is((await send(make.lookup('a/b')))?.errno, ERRNO.EINVAL)
  t.is(volume.calls.get('lookup'), undefined)
})

test('A file is opened, read and released', async (t) => {
  const { send, volume, session } = harness(tree)
  const nodeid = volume.find('file').number
  const opened = await send(make.open(0, { nodeid }))
  const handle = Number(opened?.body.readBigUInt64LE(0))
  t.is(opened?.body.readUInt32LE(8), FOPEN.KEEP_CACHE | FOPEN.NOFLUSH)
  t.is((await send(make.read(handle, 5, 4)))?.body.toString(), 'cont')
  t.is((await send(make.read(handle, 100, 4)))?.length, 16, 'nothing behind the end')
  t.is((await send(make.release(handle)))?.errno, 0)
  t.is(volume.openFiles.size, 0)
  t.is(session.counters()['fuse_handles'], 0)
})

test('A volume that gives more than was asked for is cut', async (t) => {
  const { send, volume } = harness(tree)
  volume.read = async () => [Buffer.from('abc'), Buffer.from('defg')]
  const opened = await send(make.open(0, { nodeid: volume.find('file').number }))
  const handle = Number(opened?.body.readBigUInt64LE(0))
  t.is((await send(make.read(handle, 0, 5)))?.body.toString(), 'abcde')
})

test('A file that has changed is opened without its old pages', async (t) => {
  const { send, volume } = harness(tree)
  volume.keepCache = false
  const opened = await send(make.open(0, { nodeid: volume.find('file').number }))
  t.is(opened?.body.readUInt32LE(8), FOPEN.NOFLUSH)
  volume.directIo = true
  const direct = await send(make.open(0, { nodeid: volume.find('file').number }))
  t.is(direct?.body.readUInt32LE(8), FOPEN.NOFLUSH | FOPEN.DIRECT_IO, 'nor with any to come')
})

test('Handles that were never given are refused', async (t) => {
  const { send, volume } = harness(tree)
  t.is((await send(make.read(77, 0, 5)))?.errno, ERRNO.EBADF)
  t.is((await send(make.release(77)))?.errno, ERRNO.EBADF)
  t.is((await send(make.readdir(77, 0)))?.errno, ERRNO.EBADF)
  t.is((await send(make.releasedir(77)))?.errno, ERRNO.EBADF)
  t.is(volume.calls.size, 0)
})

test('Every change is refused with EROFS', async (t) => {
  const { send } = harness(tree)
  const changes = {
    unlink: make.unlink('x'),
    mkdir: make.mkdir('x', 0o755),
    rename: make.rename(['x', 1, 'y']),
    setattr: make.setattr(1, { 17: 0o600 }),
    create: make.create('x'),
    write: make.write([1, 0, 'x']),
    setxattr: make.setxattr('user.x', 'y'),
    fallocate: make.fallocate([1, 0, 1, 0]),
  }
  for (const [name, change] of Object.entries(changes)) {
    t.is((await send(change))?.errno, ERRNO.EROFS, name)
  }
  t.is((await send(make.open(1)))?.errno, ERRNO.EROFS, 'O_WRONLY')
  t.is((await send(make.open(2)))?.errno, ERRNO.EROFS, 'O_RDWR')
  t.is((await send(make.open(0o1000)))?.errno, ERRNO.EROFS, 'O_TRUNC')
})

test('What the kernel can do without is ENOSYS', async (t) => {
  const { send } = harness(tree)
  for (const opcode of ['POLL', 'BMAP', 'IOCTL', 'FLUSH', 'STATX', 'ACCESS'] as const) {
    t.is((await send(request(OPCODE[opcode], body(0n, 0n, 0n))))?.errno, ERRNO.ENOSYS, opcode)
  }
  t.is((await send(make.fsync(1)))?.errno, ERRNO.ENOSYS)
  t.is((await send(make.lock('SETLK', [0n, 1n, 1])))?.errno, ERRNO.ENOSYS)
})

test('All of a file is data, and its end a hole', async (t) => {
  const { send, volume } = harness(tree)
  const nodeid = volume.find('file').number
  t.is((await send(make.lseek(3, 3, { nodeid })))?.body.readBigUInt64LE(0), 3n)
  t.is((await send(make.lseek(3, 4, { nodeid })))?.body.readBigUInt64LE(0), 12n)
  t.is((await send(make.lseek(12, 3, { nodeid })))?.errno, ERRNO.ENXIO)
  t.is((await send(make.lseek(0, 9, { nodeid })))?.errno, ERRNO.EINVAL)
})

test('Extended attributes: the size first, then the value, ERANGE for too little room', async (t) => {
  const { send, volume } = harness(tree)
  const inode = volume.find('file')
  inode.xattrs.set('user.a', Buffer.from('value')).set('user.b', Buffer.alloc(0))
  const options = { nodeid: inode.number }
  t.is((await send(make.getxattr('user.a', 0, options)))?.body.readUInt32LE(0), 5)
  t.is((await send(make.getxattr('user.a', 64, options)))?.body.toString(), 'value')
  t.is((await send(make.getxattr('user.a', 4, options)))?.errno, ERRNO.ERANGE)
  t.is((await send(make.getxattr('user.b', 4, options)))?.length, 16)
  t.is((await send(make.getxattr('user.c', 4, options)))?.errno, ERRNO.ENODATA)
  t.is((await send(make.listxattr(64, options)))?.body.toString(), 'user.a\0user.b\0')
})

test('Rules of another host are no attributes here, and the volume is not asked for them', async (t) => {
  const { send, volume } = harness(tree)
  const inode = volume.find('file')
  inode.xattrs.set('user.a', Buffer.from('value')).set('security.selinux', Buffer.from('label'))
  const options = { nodeid: inode.number }
  for (const name of ['system.nfs4_acl', 'security.selinux', 'security.capability']) {
    t.is((await send(make.getxattr(name, 64, options)))?.errno, ERRNO.ENOTSUP, name)
  }
  t.is(volume.calls.size, 0)
  t.is((await send(make.listxattr(64, options)))?.body.toString(), 'user.a\0')
})

test('A volume without extended attributes says so once and for all', async (t) => {
  const { send, volume } = harness(tree)
  volume.before = () => {
    throw new PotluckError('ENOTSUP', 'none here')
  }
  t.is((await send(make.getxattr('user.a', 0)))?.errno, ERRNO.ENOSYS)
})

test('A link, the file system, and the end', async (t) => {
  const { send, volume } = harness(tree)
  const nodeid = volume.find('link').number
  t.is((await send(make.readlink({ nodeid })))?.body.toString('latin1'), 'fi\xe9le')
  const usage = await send(make.statfs())
  t.is(usage?.body.readBigUInt64LE(0), 1000n)
  t.is(usage?.body.readUInt32LE(44), 255)
  t.is((await send(make.destroy()))?.errno, 0)
})

test('A failure of the volume is its errno, for this request alone', async (t) => {
  const { send, volume } = harness(tree)
  volume.before = () => {
    throw new PotluckError('UNREACHABLE', 'no peer answers')
  }
  t.is((await send(make.getattr()))?.errno, ERRNO.EIO)
  volume.before = () => Promise.reject(new TypeError('a mistake'))
  t.is((await send(make.getattr()))?.errno, ERRNO.EIO)
  volume.before = () => undefined
  t.is((await send(make.getattr()))?.errno, 0)
})

test('Malformed requests get EINVAL, unless nobody waits', async (t) => {
  const { send, session } = harness(tree)
  t.is((await send(request(OPCODE.LOOKUP, body())))?.errno, ERRNO.EINVAL)
  t.is(await send(request(OPCODE.FORGET, body())), undefined)
  t.is(await send(request(OPCODE.INTERRUPT, body())), undefined)
  t.is(await send(Buffer.alloc(7)), undefined)
  t.is(session.counters()['fuse_malformed_total'], 4)
})

test('INIT is agreed once, and a new kernel gets all it can do', async (t) => {
  let ready = 0
  const { send } = harness(tree, { onReady: () => ready++ })
  t.is((await send(make.init({ major: 8 })))?.body.readUInt32LE(0), 7)
  t.is(ready, 0)
  t.is((await send(make.init({ minor: 20 })))?.errno, ERRNO.EPROTO)
  t.is(ready, 0)
  const reply = await send(make.init())
  t.like(reply, { errno: 0, length: 80 })
  t.is(reply?.body.readUInt32LE(4), 45)
  t.is(ready, 1)
})

test('Requests are counted by kind', async (t) => {
  const { send, session } = harness(tree)
  await send(make.getattr())
  await send(make.getattr())
  await send(request(5000, body()))
  t.like(session.counters(), { fuse_getattr_total: 2, fuse_unknown_total: 1 })
})
