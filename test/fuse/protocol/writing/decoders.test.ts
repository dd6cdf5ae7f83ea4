import test from 'ava'
import { Message } from '../../../../fuse/protocol/message.ts'
import { OPCODE } from '../../../../fuse/protocol/opcodes.ts'
import { decodeRequest } from '../../../../fuse/protocol/request.ts'
import { body, make, request } from '../../requests.ts'

const operation = (bytes: Uint8Array) => decodeRequest(Message.of(bytes))?.operation

test('A WRITE as the kernel sends it, byte by byte', (t) => {
  const bytes = Buffer.from(
    '53000000' + // length 83
      '10000000' + // WRITE
      '0a00000000000000' + // unique 10
      '0500000000000000' + // nodeid 5
      'e8030000e80300002a000000' + // uid, gid, pid
      '00000000' +
      '0400000000000000' + // fh 4
      '0010000001000000' + // offset 2^32 + 4096
      '03000000' + // size 3
      '06000000' + // LOCKOWNER | KILL_SUIDGID
      'efbeadde00000000' + // lock owner
      '01840000' + // O_WRONLY | O_APPEND | O_LARGEFILE
      '00000000' +
      '616263',
    'hex',
  )
  t.deepEqual(operation(bytes), {
    type: 'write',
    handle: 4,
    from: 2 ** 32 + 4096,
    bytes: Buffer.from('abc'),
    flags: 0o102001,
    isFromCache: false,
    dropsPrivileges: true,
  })
})

test('A SETATTR as the kernel sends it, byte by byte', (t) => {
  const bytes = Buffer.from(
    '80000000' +
      '04000000' + // SETATTR
      '0c00000000000000' +
      '0500000000000000' +
      'e8030000e80300002a000000' +
      '00000000' +
      '7f080000' + // all fields, fh, KILL_SUIDGID
      '00000000' +
      '0900000000000000' + // fh 9
      '0000000002000000' + // size 2^33
      '0000000000000000' + // lock owner
      'ffffffffffffffff' + // atime -1 s
      '00e1f50500000000' + // mtime 100,000,000 s
      '0000000000000000' + // ctime
      '01000000' + // atime ns
      'ffc99a3b' + // mtime 999,999,999 ns
      '00000000' +
      'ed890000' + // mode 0o104755
      '00000000' +
      'e8030000' +
      'e9030000' +
      '00000000',
    'hex',
  )
  t.deepEqual(operation(bytes), {
    type: 'setattr',
    changes: {
      mode: 0o4755,
      uid: 1000,
      gid: 1001,
      size: 2 ** 33,
      atime: { seconds: -1, nanos: 1 },
      mtime: { seconds: 100_000_000, nanos: 999_999_999 },
    },
    handle: 9,
    dropsPrivileges: true,
  })
})

test('What a SETATTR does not mean is not in it, and now is now', (t) => {
  t.deepEqual(operation(make.setattr(1, { 17: 0o100600 })), {
    type: 'setattr',
    changes: { mode: 0o600 },
    dropsPrivileges: false,
  })
  // ATIME, MTIME and the two that say "now".
  t.deepEqual(operation(make.setattr(0x1b0, {})), {
    type: 'setattr',
    changes: { atime: 'now', mtime: 'now' },
    dropsPrivileges: false,
  })
  t.deepEqual(operation(make.setattr(8 | 1024, { 4: 5, 12: 9 })), {
    type: 'setattr',
    changes: { size: 5 },
    dropsPrivileges: false,
  })
})

test('Names that are made, moved and removed', (t) => {
  const table: [Uint8Array, unknown][] = [
    [make.symlink('l\xe9', '../to'), { type: 'symlink', name: 'l\xe9', target: '../to' }],
    [make.mknod('n', 0o060644), { type: 'mknod', name: 'n', mode: 0o060644, rdev: 259, umask: 18 }],
    [make.mkdir('d', 0o41777), { type: 'mkdir', name: 'd', mode: 0o1777, umask: 0o22 }],
    [make.unlink('x'), { type: 'unlink', name: 'x' }],
    [make.rmdir('x'), { type: 'rmdir', name: 'x' }],
    [make.link(7, 'y'), { type: 'link', linked: 7, name: 'y' }],
    [
      make.rename(['a', 3, 'b'], { flags: 2 }),
      { type: 'rename', name: 'a', newParent: 3, newName: 'b', flags: 2 },
    ],
    [
      request(OPCODE.RENAME, body(3n, 'a\0b\0')),
      { type: 'rename', name: 'a', newParent: 3, newName: 'b', flags: 0 },
    ],
    [
      make.create('c', { flags: 0o301, mode: 0o100640 }),
      {
        type: 'create',
        name: 'c',
        flags: 0o301,
        mode: 0o640,
        umask: 0o22,
        dropsPrivileges: false,
      },
    ],
    [
      request(OPCODE.TMPFILE, body(2, 0o100600, 0o77, 0, '/\0')),
      { type: 'tmpfile', flags: 2, mode: 0o600, umask: 0o77 },
    ],
  ]
  for (const [bytes, expected] of table) t.deepEqual(operation(bytes), expected)
})

test('What is done to an open file', (t) => {
  const table: [Uint8Array, unknown][] = [
    [make.flush({ handle: 3 }), { type: 'flush', handle: 3, owner: 11n }],
    [make.fsync(4), { type: 'fsync', handle: 4, dataOnly: true }],
    [request(OPCODE.FSYNC, body(4n, 0, 0)), { type: 'fsync', handle: 4, dataOnly: false }],
    [request(OPCODE.FSYNCDIR, body(6n, 0, 0)), { type: 'fsyncdir', handle: 6 }],
    [
      request(OPCODE.RELEASE, body(4n, 0o1, 2, 2n ** 64n - 1n)),
      { type: 'release', handle: 4, flockOwner: 2n ** 64n - 1n },
    ],
    [request(OPCODE.OPEN, body(0o1001, 1)), { type: 'open', flags: 0o1001, dropsPrivileges: true }],
    [
      make.fallocate([4, 2 ** 40, 4096, 3]),
      { type: 'fallocate', handle: 4, from: 2 ** 40, length: 4096, mode: 3 },
    ],
    [
      make.copy(
        [
          [4, 1],
          [5, 2],
        ],
        { length: 100, isLong: true },
      ),
      {
        type: 'copy',
        handle: 4,
        offset: 1,
        toNodeid: 9,
        toHandle: 5,
        toOffset: 2,
        length: 100,
        flags: 0,
        isLong: true,
      },
    ],
    [
      make.lock('GETLK', [0n, 2n ** 63n - 1n, 1]),
      {
        type: 'getlk',
        lock: {
          kind: 'write',
          from: 0,
          to: Number.POSITIVE_INFINITY,
          owner: 11n,
          pid: 42,
          isFlock: false,
        },
      },
    ],
    [
      make.lock('SETLKW', [5n, 9n, 2], { isFlock: true, owner: 2n ** 63n + 1n }),
      {
        type: 'setlk',
        handle: 4,
        wait: true,
        lock: { kind: 'none', from: 5, to: 9, owner: 2n ** 63n + 1n, pid: 42, isFlock: true },
      },
    ],
  ]
  for (const [bytes, expected] of table) t.deepEqual(operation(bytes), expected)
})

test('An extended attribute is set by either form of the structure', (t) => {
  const expected = {
    type: 'setxattr',
    name: 'user.x',
    value: Uint8Array.from([1, 0, 2]),
    flags: 1,
    dropsGroup: false,
  }
  const short = request(OPCODE.SETXATTR, body(3, 1, 'user.x\0\x01\0\x02'))
  t.deepEqual(operation(short), expected)
  for (const dropsGroup of [false, true]) {
    const extended = [dropsGroup ? 1 : 0, 0] as const
    const long = request(OPCODE.SETXATTR, body(3, 1, ...extended, 'user.x\0\x01\0\x02'))
    t.deepEqual(operation(long), { ...expected, dropsGroup })
  }
  t.deepEqual(operation(make.setxattr('user.x', '')), {
    ...expected,
    value: new Uint8Array(),
    flags: 0,
  })
  t.deepEqual(operation(request(OPCODE.REMOVEXATTR, body('user.x\0'))), {
    type: 'removexattr',
    name: 'user.x',
  })
})

test('A change that makes no sense is malformed', (t) => {
  const table: [string, Uint8Array][] = [
    ['one name of two', request(OPCODE.SYMLINK, body('name\0'))],
    ['a target without its end', request(OPCODE.SYMLINK, body('name\0target'))],
    ['a rename to nowhere', request(OPCODE.RENAME2, body(3n, 0, 0, 'name\0\0'))],
    ['more bytes than said', request(OPCODE.WRITE, body(1n, 0n, 2, 0, 0n, 0, 0, 'abc'))],
    ['fewer bytes than said', request(OPCODE.WRITE, body(1n, 0n, 4, 0, 0n, 0, 0, 'abc'))],
    ['a short SETATTR', request(OPCODE.SETATTR, body(1, 0, 0n))],
    ['a value shorter than said', request(OPCODE.SETXATTR, body(9, 0, 0, 0, 'user.x\0abc'))],
    ['a lock of no kind', make.lock('SETLK', [0n, 1n, 3])],
    ['a lock that ends before it begins', make.lock('SETLK', [2n, 1n, 0])],
  ]
  for (const [why, bytes] of table) t.is(operation(bytes)?.type, 'malformed', why)
})

test('A place past 2^53 is too large for a file', (t) => {
  const write = request(OPCODE.WRITE, body(1n, 2n ** 53n, 1, 0, 0n, 0, 0, 'a'))
  t.is(operation(write)?.type, 'too-large')
  t.is(operation(make.fallocate([1, 2 ** 53 - 2, 100, 0]))?.type, 'too-large')
  t.is(operation(make.setattr(8, { 5: 0x4000_0000 }))?.type, 'too-large')
})
