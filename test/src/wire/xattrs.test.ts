import test from 'ava'
import fc from 'fast-check'
import { codeOf, PotluckError } from '../../../src/base/errors.ts'
import { decodeXattrs, encodeXattrs } from '../../../src/wire/xattrs.ts'
import { name } from './arbitraries/basics.ts'

const xattrs = fc
  .array(fc.tuple(name, fc.uint8Array({ maxLength: 100 })), { maxLength: 8 })
  .map((pairs) => new Map(pairs))

const plain = (map: ReadonlyMap<string, Uint8Array>) =>
  [...map].map(([key, value]) => [key, ...value])

test('what goes in comes out, in order', (t) => {
  fc.assert(
    fc.property(xattrs, (map) => t.deepEqual(plain(decodeXattrs(encodeXattrs(map))), plain(map))),
  )
})

test('damaged bytes are MALFORMED, or what would be encoded in just this way', (t) => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.tuple(xattrs, fc.nat(), fc.nat(255)).map(([map, at, value]) => {
      const encoded = Uint8Array.from(encodeXattrs(map))
      if (encoded.length > 0) encoded[at % encoded.length] = value
      return encoded
    }),
  )
  fc.assert(
    fc.property(bytes, (damaged) => {
      try {
        const decoded = decodeXattrs(damaged)
        t.deepEqual(Buffer.from(encodeXattrs(decoded)), Buffer.from(damaged))
      } catch (error) {
        t.true(error instanceof PotluckError)
        t.is(codeOf(error), 'MALFORMED')
      }
    }),
    { numRuns: 10_000 },
  )
})

test('one name twice, or no name, is MALFORMED', (t) => {
  const one = encodeXattrs(new Map([['user.a', Buffer.from('1')]]))
  t.throws(() => decodeXattrs(Buffer.concat([one, one])), { code: 'MALFORMED' })
  const nameless = encodeXattrs(new Map([['', Buffer.from('1')]]))
  t.throws(() => decodeXattrs(nameless), { code: 'MALFORMED' })
})
