import test from 'ava'
import fc from 'fast-check'
import { codeOf, PotluckError } from '../../../src/base/errors.ts'
import { checkPage, encodePage, Page, type PageContent, partOf } from '../../../src/wire/page.ts'
import { type BareEntry, isName, type PageEntry } from '../../../src/wire/page-entry.ts'
import { attributes, name } from './arbitraries/basics.ts'

const entry: fc.Arbitrary<PageEntry> = fc
  .tuple(name, attributes, fc.string({ unit: 'binary-ascii' }), fc.uint8Array({ maxLength: 40 }))
  .map(([title, its, target, inline]) => {
    if (its.type === 'symlink') return { name: title, attributes: its, target }
    if (its.type !== 'file' || its.size % 2 === 0) return { name: title, attributes: its }
    return { name: title, attributes: { ...its, size: inline.length }, inline }
  })

const bareEntry: fc.Arbitrary<BareEntry> = fc
  .tuple(name, attributes)
  .map(([title, { type }]) => ({ name: title, type }))

const content: fc.Arbitrary<PageContent> = fc.record({
  self: attributes,
  splits: fc.nat(1000),
  total: fc.nat(100_000),
  entries: fc.uniqueArray(fc.oneof(entry, bareEntry), {
    selector: (one) => one.name,
    maxLength: 40,
  }),
})

const contentOf = (page: Page): PageContent => {
  const { self, splits, total } = page
  return { self, splits, total, entries: [...page.all()] }
}

const plain = (one: PageEntry | BareEntry | undefined) =>
  one?.attributes === undefined
    ? one
    : {
        name: one.name,
        attributes: one.attributes,
        target: one.target,
        inline: one.inline && [...one.inline],
      }

const codeThrownBy = (work: () => unknown): string | undefined => {
  try {
    work()
    return undefined
  } catch (error) {
    return error instanceof PotluckError ? codeOf(error) : `not ours: ${String(error)}`
  }
}

test('what goes in comes out, sorted by name, and passes the check', (t) => {
  fc.assert(
    fc.property(content, (one) => {
      const bytes = encodePage(one)
      checkPage(bytes)
      const page = new Page(bytes)
      t.deepEqual(page.self, one.self)
      t.is(page.splits, one.splits)
      t.is(page.total, one.total)
      const expected = one.entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
      t.deepEqual([...page.all()].map(plain), expected.map(plain))
      const complete = expected.filter((entry) => entry.attributes !== undefined)
      t.deepEqual([...page].map(plain), complete.map(plain))
      t.is(page.bare, expected.length - complete.length)
    }),
    { numRuns: 300 },
  )
})

test('the search answers like a Map, absent names included', (t) => {
  fc.assert(
    fc.property(content, fc.array(name), (one, others) => {
      const page = new Page(encodePage(one))
      const map = new Map(one.entries.map((each) => [each.name, each]))
      for (const title of [...map.keys(), ...others]) {
        for (const near of [title, `${title}\xff`, title.slice(0, -1)]) {
          const known = map.get(near)
          t.is(page.has(near), known !== undefined)
          t.deepEqual(plain(page.find(near)), known?.attributes && plain(known))
          t.is(page.answers(near), known === undefined || known.attributes !== undefined)
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('a page in the middle of a larger buffer reads the same', (t) => {
  fc.assert(
    fc.property(content, fc.nat(20), (one, offset) => {
      const bytes = encodePage(one)
      const large = new Uint8Array(bytes.length + 2 * offset).fill(0x55)
      large.set(bytes, offset)
      const slice = large.subarray(offset, offset + bytes.length)
      checkPage(slice)
      t.deepEqual([...new Page(slice).all()].map(plain), [...new Page(bytes).all()].map(plain))
    }),
    { numRuns: 50 },
  )
})

test('bytes at random are MALFORMED and nothing else', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      t.is(
        codeThrownBy(() => checkPage(bytes)),
        'MALFORMED',
      )
    }),
    { numRuns: 2000 },
  )
})

test('a damaged page is MALFORMED, or one that would be encoded in just this way', (t) => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(content, damage, fc.option(fc.nat()), (one, changes, cut) => {
      const bytes = encodePage(one)
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      const damaged = cut === null ? bytes : bytes.subarray(0, cut % bytes.length)
      const code = codeThrownBy(() => checkPage(damaged))
      if (code === undefined) {
        t.deepEqual(Buffer.from(encodePage(contentOf(new Page(damaged)))), Buffer.from(damaged))
      } else t.is(code, 'MALFORMED')
    }),
    { numRuns: 10_000 },
  )
})

test('what no directory can hold is not believed', (t) => {
  const [sample] = fc.sample(attributes, { numRuns: 1, seed: 1 })
  const file = { ...sample, type: 'file', size: 3 } as const
  const check = (what: string, entries: readonly object[]) => {
    const page = { self: file, splits: 0, total: entries.length, entries } as PageContent
    t.is(
      codeThrownBy(() => checkPage(encodePage(page))),
      'MALFORMED',
      what,
    )
  }
  for (const title of ['', '.', '..', 'a/b', 'a\0b', 'x'.repeat(256)]) {
    check(`the name ${title}`, [{ name: title, attributes: file }])
  }
  const twice = { name: 'twice', attributes: file }
  check('one name twice', [twice, twice])
  const inline = new Uint8Array(4)
  check('a file of another size', [{ name: 'a', attributes: file, inline }])
  check('bytes of a directory', [
    { name: 'a', attributes: { ...file, type: 'directory', size: 4 }, inline },
  ])
  check('the target of a file', [{ name: 'a', attributes: file, target: 'elsewhere' }])
  const link = { ...file, type: 'symlink' }
  check('a target too long', [{ name: 'a', attributes: link, target: 'x'.repeat(4097) }])
  check('a time that is no number', [{ name: 'a', attributes: { ...file, mtimeSeconds: NaN } }])
  check('part of a second', [{ name: 'a', attributes: { ...file, ctimeSeconds: 0.5 } }])
  check('too many nanoseconds', [{ name: 'a', attributes: { ...file, mtimeNanos: 1e9 } }])
  check('an inode that is no number', [{ name: 'a', attributes: { ...file, inode: 'x' } }])
  check('an impossible mode', [{ name: 'a', attributes: { ...file, mode: 0o10000 } }])
})

test('names that are not UTF-8 survive unchanged', (t) => {
  const [self] = fc.sample(attributes, { numRuns: 1, seed: 2 })
  const odd = ['\xff\xfe', 'caf\xe9', '\xc3', ' ', '\x01', 'a'.repeat(255)]
  const entries = odd.map((title) => ({ name: title, attributes: self }))
  const page = new Page(encodePage({ self, splits: 0, total: 6, entries } as PageContent))
  for (const title of odd) t.is(page.find(title)?.name, title)
})

test('each name belongs to exactly one part, and the parts are about equal', (t) => {
  const counts = Array.from({ length: 8 }, () => 0)
  for (let i = 0; i < 8000; i++) {
    const part = partOf(`file_${i}.txt`, 8)
    t.true(part >= 1 && part <= 8)
    counts[part - 1] = (counts[part - 1] ?? 0) + 1
  }
  t.true(Math.max(...counts) < 1300 && Math.min(...counts) > 700, counts.join(' '))
})

test('what can be a name', (t) => {
  const check = (text: string, expected: boolean) => t.is(isName(text), expected, text)
  check('a', true)
  check('...', true)
  check('x'.repeat(255), true)
  check('x'.repeat(256), false)
  check('', false)
  check('.', false)
  check('..', false)
  check('a/b', false)
  check('a\0', false)
})
