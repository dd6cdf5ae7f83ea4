import test from 'ava'
import { Message } from '../../../fuse/protocol/message.ts'
import { OPCODE } from '../../../fuse/protocol/opcodes.ts'
import { decodeRequest } from '../../../fuse/protocol/request.ts'
import { body, make, request } from '../requests.ts'

const decode = (bytes: Uint8Array) => decodeRequest(Message.of(bytes))
const operation = (bytes: Uint8Array) => decode(bytes)?.operation

test('A LOOKUP as the kernel sends it, byte by byte', (t) => {
  const bytes = Buffer.from(
    '2f000000' + // length 47
      '01000000' + // LOOKUP
      '0600000000000000' + // unique 6
      '0300000000000000' + // nodeid 3
      'e8030000e90300002a000000' + // uid 1000, gid 1001, pid 42
      '00000000' + // no extensions
      '6e756d707921' + // numpy!
      '00',
    'hex',
  )
  t.deepEqual(decode(bytes), {
    header: { opcode: 1, unique: 6, nodeid: 3, uid: 1000, gid: 1001, pid: 42 },
    operation: { type: 'lookup', name: 'numpy!' },
  })
})

test('Each operation is decoded', (t) => {
  const table: [Uint8Array, unknown][] = [
    [make.lookup('caf\xe9'), { type: 'lookup', name: 'caf\xe9' }],
    [make.forget(3, { nodeid: 9 }), { type: 'forget', forgets: [{ nodeid: 9, count: 3 }] }],
    [
      make.batchForget([
        [2, 1],
        [7, 5],
      ]),
      {
        type: 'forget',
        forgets: [
          { nodeid: 2, count: 1 },
          { nodeid: 7, count: 5 },
        ],
      },
    ],
    [make.getattr(), { type: 'getattr' }],
    [make.readlink(), { type: 'readlink' }],
    [make.open(0o100000), { type: 'open', flags: 0o100000, dropsPrivileges: false }],
    [make.read(4, 2 ** 40, 1 << 20), { type: 'read', handle: 4, from: 2 ** 40, length: 1 << 20 }],
    [make.release(4), { type: 'release', handle: 4 }],
    [make.opendir(), { type: 'opendir' }],
    [make.readdir(5, 12), { type: 'readdir', handle: 5, offset: 12, length: 4096, plus: false }],
    [
      make.readdir(5, 12, { plus: true }),
      { type: 'readdir', handle: 5, offset: 12, length: 4096, plus: true },
    ],
    [make.releasedir(5), { type: 'releasedir', handle: 5 }],
    [make.statfs(), { type: 'statfs' }],
    [make.getxattr('user.x', 64), { type: 'getxattr', name: 'user.x', length: 64 }],
    [make.listxattr(0), { type: 'listxattr', length: 0 }],
    [make.lseek(100, 3), { type: 'lseek', handle: 1, offset: 100, whence: 3 }],
    [make.interrupt(8), { type: 'interrupt', unique: 8 }],
    [make.destroy(), { type: 'destroy' }],
    [request(OPCODE.STATX, body()), { type: 'unsupported' }],
    [request(999, body()), { type: 'unsupported' }],
  ]
  for (const [bytes, expected] of table) t.deepEqual(operation(bytes), expected)
})

test('A kernel before 7.36 sends a shorter INIT', (t) => {
  const bytes = request(OPCODE.INIT, body(7, 31, 131072, 5))
  t.deepEqual(operation(bytes), {
    type: 'init',
    major: 7,
    minor: 31,
    maxReadahead: 131072,
    flags: 5,
    flags2: 0,
  })
})

test('What is not a message is nobody to reply to', (t) => {
  const lookup = make.lookup('name')
  t.is(decode(new Uint8Array()), undefined)
  t.is(decode(lookup.subarray(0, 39)), undefined)
  t.is(decode(lookup.subarray(0, -1)), undefined, 'shorter than it says')
  t.is(decode(Buffer.concat([lookup, Buffer.alloc(1)])), undefined, 'longer than it says')
  t.is(decode(make.getattr({ unique: 2 ** 54 + 2 })), undefined, 'a number that is not exact')
})

test('A body that makes no sense is malformed', (t) => {
  const table: [string, Uint8Array][] = [
    ['no name', request(OPCODE.LOOKUP, body('\0'))],
    ['a name without its end', request(OPCODE.LOOKUP, body('name'))],
    ['an empty LOOKUP', request(OPCODE.LOOKUP, body())],
    ['more forgets than bytes', request(OPCODE.BATCH_FORGET, body(2, 0, 1n, 1n))],
    ['very many forgets', request(OPCODE.BATCH_FORGET, body(0xffff_ffff, 0, 1n, 1n))],
    ['a short READ', request(OPCODE.READ, body(1n, 2n, 3))],
    ['an offset past 2^53', request(OPCODE.READ, body(1n, 2n ** 60n, 3, 0, 0n, 0, 0))],
    ['an attribute name of 300 bytes', make.getxattr('x'.repeat(300), 0)],
    ['a nodeid past 2^53', make.getattr({ nodeid: 2 ** 60 })],
  ]
  for (const [why, bytes] of table) t.is(operation(bytes)?.type, 'malformed', why)
})

test('Extensions behind the body are left out of it', (t) => {
  const bytes = request(OPCODE.LOOKUP, body('name', 0n))
  bytes.writeUInt16LE(1, 36)
  t.is(operation(bytes)?.type, 'malformed', 'the NUL lies in the extension')
  bytes.writeUInt16LE(0xffff, 36)
  t.is(operation(bytes)?.type, 'malformed', 'more extensions than bytes')
})

test('A message is decoded where it lies in a larger memory', (t) => {
  const memory = Buffer.concat([Buffer.alloc(64, 0xff), make.lookup('inner'), Buffer.alloc(64)])
  const view = new DataView(memory.buffer, memory.byteOffset, memory.length)
  const message = new Message({ bytes: memory, view }, 64, make.lookup('inner').length)
  t.deepEqual(decodeRequest(message)?.operation, { type: 'lookup', name: 'inner' })
})
