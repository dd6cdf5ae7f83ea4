import test from 'ava'
import type { DirectoryEntry } from '../../../src/volume/volume.ts'
import { splitValid } from '../../../fuse/protocol/attributes.ts'
import { direntBytes } from '../../../fuse/protocol/dirents.ts'
import { encodeReply, type Reply } from '../../../fuse/protocol/reply.ts'
import { Writer } from '../../../fuse/protocol/writer.ts'
import { attributesOf } from '../memory-volume.ts'

const inodeNumber = (inode: string) => BigInt(inode)

function encode(reply: Reply, unique = 6): string {
  const out = new Writer(4096)
  out.bytes.fill(0xee)
  const length = encodeReply(out, reply, { unique, inodeNumber })
  return out.bytes.subarray(0, length).toString('hex')
}

/** `struct fuse_attr` of a file with inode 9 and 5 bytes, times as in attributesOf. */
const FILE_9 =
  '0900000000000000' + // ino
  '0500000000000000' + // size
  '0100000000000000' + // blocks
  '00f1536500000000' + // atime 1,700,000,000
  '01f1536500000000' + // mtime
  '02f1536500000000' + // ctime
  '01000000' + // atime ns
  '15cd5b07' + // mtime ns 123,456,789
  'ffc99a3b' + // ctime ns 999,999,999
  'a4810000' + // S_IFREG | 0644
  '01000000' + // nlink
  '00000000'.repeat(3) + // uid, gid, rdev
  '00100000' + // blksize
  '00000000' // flags

test('An error is a header with a negative errno', (t) => {
  t.is(encode({ type: 'status', errno: 2 }), '10000000' + 'feffffff' + '0600000000000000')
  t.is(encode({ type: 'status', errno: 0 }), '10000000' + '00000000' + '0600000000000000')
})

test('An entry has its nodeid, how long it is valid, and the attributes', (t) => {
  const attributes = attributesOf(9, 'file', 5)
  const hex = encode({ type: 'entry', entry: { nodeid: 7, validMs: 1500, attributes } })
  t.is(
    hex,
    '90000000' +
      '00000000' +
      '0600000000000000' + // length 144
      '0700000000000000' +
      '0000000000000000' + // nodeid, generation
      '0100000000000000'.repeat(2) +
      '0065cd1d'.repeat(2) + // 1 s, 500,000,000 ns
      FILE_9,
  )
})

test('An absent name is an entry with nodeid 0 that may be remembered', (t) => {
  const hex = encode({ type: 'entry', entry: { nodeid: 0, validMs: 60_000 } })
  t.is(hex.slice(32), '00'.repeat(16) + '3c00000000000000'.repeat(2) + '00'.repeat(8 + 88))
})

test('Attributes carry how long they are valid', (t) => {
  const attributes = attributesOf(9, 'file', 5)
  const hex = encode({ type: 'attributes', attributes, validMs: 2000 })
  t.is(hex.slice(32), '0200000000000000' + '00000000'.repeat(2) + FILE_9)
})

test('A time before 1970 keeps its sign', (t) => {
  const attributes = { ...attributesOf(9, 'file', 5), mtimeSeconds: -1 }
  const hex = encode({ type: 'attributes', attributes, validMs: 0 })
  t.is(hex.slice(32 + 32 + 64, 32 + 32 + 80), 'ff'.repeat(8))
})

test('Contents follow their header, which counts them', (t) => {
  const slices = [new Uint8Array(1000), new Uint8Array(24)]
  t.is(encode({ type: 'content', slices }), '10040000' + '00000000' + '0600000000000000')
})

test('A page of a directory is padded entry by entry', (t) => {
  const entry = (name: string, nextOffset: number): DirectoryEntry => ({
    name,
    nextOffset,
    attributes: attributesOf(9, 'directory', 0),
  })
  const entries = [{ dirent: entry('.', 1) }, { dirent: entry('caf\xe9-long', 2) }]
  const hex = encode({ type: 'directory', plus: false, entries })
  t.is(
    hex.slice(32),
    '0900000000000000' +
      '0100000000000000' +
      '01000000' +
      '04000000' +
      '2e00000000000000' +
      '0900000000000000' +
      '0200000000000000' +
      '09000000' +
      '04000000' +
      '636166e92d6c6f6e' +
      '6700000000000000',
  )
})

test('READDIRPLUS has an entry before each name, an empty one for the dots', (t) => {
  const attributes = attributesOf(9, 'file', 5)
  const dirent = { name: 'a', nextOffset: 1, attributes }
  const dot = encode({ type: 'directory', plus: true, entries: [{ dirent }] })
  t.is(dot.slice(32, 32 + 256), '00'.repeat(128))
  const entry = { nodeid: 7, validMs: 0, attributes }
  const full = encode({ type: 'directory', plus: true, entries: [{ dirent, entry }] })
  t.true(full.slice(32).startsWith('0700000000000000'))
  t.is(full.length / 2 - 16, direntBytes('a', true))
})

test('Sizes, offsets, handles and texts', (t) => {
  t.is(encode({ type: 'size', size: 6 }).slice(32), '0600000000000000')
  t.is(encode({ type: 'offset', offset: 2 ** 40 }).slice(32), '0000000000010000')
  t.is(
    encode({ type: 'opened', handle: 3, flags: 10 }).slice(32),
    '0300000000000000' + '0a000000' + '00000000',
  )
  t.is(encode({ type: 'text', text: '../caf\xe9' }).slice(32), '2e2e2f636166e9')
})

test('How long something is valid survives any number', (t) => {
  t.deepEqual(splitValid(0), { seconds: 0, nanos: 0 })
  t.deepEqual(splitValid(-5), { seconds: 0, nanos: 0 })
  t.deepEqual(splitValid(Number.NaN), { seconds: 0, nanos: 0 })
  t.deepEqual(splitValid(0.001), { seconds: 0, nanos: 1000 })
  t.deepEqual(splitValid(Number.POSITIVE_INFINITY), { seconds: 0x7fff_ffff, nanos: 0 })
})
