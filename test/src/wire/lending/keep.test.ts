import test from 'ava'
import { decodeRequest, encodeRequest } from '../../../../src/wire/request.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const of = { volume: 'v', kind: 'xattrs', inode: '7', index: 300, splits: 0 } as const
const block = { stamp: 2, version: 1.5, checksum: 1.5, bytes: Uint8Array.of(1, 2, 3) }

test('the bytes of a block that is handed to its keeper stay what they are', (t) => {
  const numbers = `${'0000000000000040'}${'000000000000f83f'.repeat(2)}`
  const expected = `0e${'02'}${'0176'}${'0137'}${'ac02'}${'00'}${numbers}03010203`
  t.is(hex(encodeRequest({ type: 'keep', of, block })), expected)
})

test('what is to be kept is no want: it has no reach, and is of a kind that there is', (t) => {
  const bytes = encodeRequest({ type: 'keep', of, block })
  for (const first of [0x12, 0x03, 0x22]) {
    bytes[1] = first
    t.throws(() => decodeRequest(bytes), { code: 'MALFORMED' })
  }
})
