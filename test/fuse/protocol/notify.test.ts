import test from 'ava'
import {
  incrementEpoch,
  invalidateEntry,
  invalidateInode,
  store,
} from '../../../fuse/protocol/notify.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const NO_UNIQUE = '0000000000000000'

test('INVAL_INODE drops attributes, and pages from 0 to the end where asked', (t) => {
  t.is(
    hex(invalidateInode(5, { data: true })),
    `28000000${'02000000'}${NO_UNIQUE}0500000000000000${'0000000000000000'.repeat(2)}`,
  )
  t.is(
    hex(invalidateInode(5, { data: false })),
    `28000000${'02000000'}${NO_UNIQUE}0500000000000000${'ff'.repeat(8)}${'00'.repeat(8)}`,
  )
})

test('INVAL_ENTRY names a name in a directory, bytes as they are', (t) => {
  const start = `24000000${'03000000'}${NO_UNIQUE}0100000000000000`
  t.is(hex(invalidateEntry(1, 'a\xe9b')), `${start}03000000${'00000000'}61e96200`)
  t.is(
    hex(invalidateEntry(1, 'a\xe9b', { expireOnly: true })),
    `${start}03000000${'01000000'}61e96200`,
  )
})

test('INC_EPOCH is a header alone', (t) => {
  t.is(hex(incrementEpoch()), `10000000${'08000000'}${NO_UNIQUE}`)
})

test('STORE carries the bytes', (t) => {
  t.is(
    hex(store(5, 4096, Buffer.from('abc'))),
    `2b000000${'04000000'}${NO_UNIQUE}0500000000000000${'0010000000000000'}03000000${'00000000'}616263`,
  )
})
