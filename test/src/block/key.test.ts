import { createHash } from 'node:crypto'
import test from 'ava'
import fc from 'fast-check'
import { checksumOf } from '../../../src/block/checksum.ts'
import { keyOf, positionOf } from '../../../src/block/key.ts'
import type { Identity } from '../../../src/ports/messages.ts'

const identity: fc.Arbitrary<Identity> = fc.record({
  volume: fc.constantFrom('v@4096', 'v@40960', 'w@4096'),
  inode: fc.constantFrom('0', '1', '11', '111', '1@a', '1@a/b'),
  kind: fc.constantFrom('page', 'data', 'xattrs'),
  index: fc.constantFrom(0, 1, 11, 2 ** 32, 2 ** 40),
  splits: fc.constantFrom(0, 1, 11),
})

test('keys and positions are 32 bytes, one character each', (t) => {
  fc.assert(
    fc.property(identity, fc.string(), (block, peer) => {
      for (const key of [keyOf(block), positionOf(peer)]) {
        t.is(key.length, 32)
        t.regex(key, /^[\0-\xff]*$/)
      }
    }),
  )
})

test('different blocks have different keys, equal ones equal keys', (t) => {
  fc.assert(
    fc.property(identity, identity, (a, b) => {
      t.is(keyOf(a) === keyOf(b), JSON.stringify(a) === JSON.stringify(b))
    }),
    { numRuns: 1000 },
  )
})

test('a position is the sha256 of the peer id', (t) => {
  const expected = createHash('sha256').update('12D3KooWpeer').digest('binary')
  t.is(positionOf('12D3KooWpeer'), expected)
})

test('the checksum is CRC-32 as everybody else computes it', (t) => {
  t.is(checksumOf(Buffer.from('123456789')), 0xcbf43926)
  t.is(checksumOf(new Uint8Array(0)), 0)
})
