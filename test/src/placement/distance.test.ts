import test from 'ava'
import fc from 'fast-check'
import {
  commonPrefixBits,
  compareDistance,
  comparePrefix,
  KEY_BITS,
} from '../../../src/placement/distance.ts'

/** Keys that share long prefixes often enough. */
const key = fc
  .tuple(fc.constantFrom(0, 30, 31), fc.uint8Array({ minLength: 32, maxLength: 32 }))
  .map(([zeros, bytes]) => Buffer.from(bytes.fill(0, 0, zeros)).toString('latin1'))

const numberOf = (text: string): bigint =>
  BigInt(`0x${Buffer.from(text, 'latin1').toString('hex')}`)
const sign = (value: bigint | number): number => (value > 0 ? 1 : value < 0 ? -1 : 0)

test('distance is XOR, compared as a number', (t) => {
  fc.assert(
    fc.property(key, key, key, (target, a, b) => {
      const expected = (numberOf(a) ^ numberOf(target)) - (numberOf(b) ^ numberOf(target))
      t.is(sign(compareDistance(target, a, b)), sign(expected))
    }),
    { numRuns: 500 },
  )
})

test('common prefixes are counted in bits', (t) => {
  fc.assert(
    fc.property(key, key, (a, b) => {
      const difference = numberOf(a) ^ numberOf(b)
      const expected = difference === 0n ? KEY_BITS : KEY_BITS - difference.toString(2).length
      t.is(commonPrefixBits(a, b), expected)
    }),
    { numRuns: 500 },
  )
})

test('prefixes compare as the numbers that their bits are', (t) => {
  fc.assert(
    fc.property(key, key, fc.integer({ min: 0, max: KEY_BITS }), (a, b, bits) => {
      const shift = BigInt(KEY_BITS - bits)
      const expected = (numberOf(a) >> shift) - (numberOf(b) >> shift)
      t.is(sign(comparePrefix(a, b, bits)), sign(expected))
    }),
    { numRuns: 500 },
  )
})
