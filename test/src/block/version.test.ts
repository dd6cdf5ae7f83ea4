import test from 'ava'
import fc from 'fast-check'
import { areAttributesEqual, isSameContent, versionOf } from '../../../src/block/version.ts'
import type { Attributes } from '../../../src/ports/messages.ts'
import { attributes } from '../wire/arbitraries/basics.ts'

const CONTENT = ['size', 'mtimeSeconds', 'mtimeNanos', 'ctimeSeconds', 'ctimeNanos'] as const
const SHOWN = ['mode', 'nlink', 'uid', 'gid', 'rdev'] as const

const grown = (one: Attributes, field: keyof Attributes): Attributes => {
  return { ...one, [field]: (one[field] as number) + (one[field] === 999_999_999 ? -1 : 1) }
}

test('a version is a number of 52 bits and never 0', (t) => {
  fc.assert(
    fc.property(attributes, (one) => {
      const version = versionOf(one)
      t.true(Number.isSafeInteger(version) && version > 0 && version < 2 ** 52)
    }),
  )
})

test('any change of size, mtime or ctime is another version', (t) => {
  fc.assert(
    fc.property(attributes, fc.constantFrom(...CONTENT), (one, field) => {
      const other = grown(one, field)
      t.not(versionOf(one), versionOf(other), field)
      t.false(isSameContent(one, other))
      t.false(areAttributesEqual(one, other))
    }),
  )
})

test('what does not touch the bytes keeps the version, and shows all the same', (t) => {
  fc.assert(
    fc.property(attributes, fc.constantFrom(...SHOWN), (one, field) => {
      const other = grown(one, field)
      t.is(versionOf(one), versionOf(other))
      t.true(isSameContent(one, other))
      t.false(areAttributesEqual(one, other), field)
    }),
  )
})

test('being read is no change', (t) => {
  fc.assert(
    fc.property(attributes, (one) => {
      t.true(areAttributesEqual(one, { ...one, atimeSeconds: 5, atimeNanos: 6 }))
    }),
  )
})
