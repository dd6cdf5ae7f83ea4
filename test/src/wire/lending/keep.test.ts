import test from 'ava'
import { encodeRequest } from '../../../../src/wire/request.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('the bytes of a block that is handed to its keeper stay what they are', (t) => {
  const block = { stamp: 2, version: 1.5, checksum: 1.5, bytes: Uint8Array.of(1, 2, 3) }
  const key = '\u00ff'.repeat(32)
  const numbers = `${'0000000000000040'}${'000000000000f83f'.repeat(2)}`
  t.is(hex(encodeRequest({ type: 'keep', key, block })), `0e${'ff'.repeat(32)}${numbers}03010203`)
  t.throws(() => encodeRequest({ type: 'keep', key: 'short', block }))
})
