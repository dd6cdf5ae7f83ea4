import test from 'ava'
import { Descriptors } from '../../../../peers/source/system/descriptors.ts'

/** Descriptors of nothing: numbers, and the books on how many are open. */
function makeDescriptors(capacity: number, keepMs = 60_000) {
  const books = { opened: 0, open: 0, most: 0 }
  const open = async (path: string): Promise<number> => {
    books.open += 1
    books.most = Math.max(books.most, books.open)
    await Promise.resolve()
    if (path === 'bad') {
      books.open -= 1
      throw new Error('bad')
    }
    return (books.opened += 1)
  }
  const close = async (): Promise<void> => {
    await Promise.resolve()
    books.open -= 1
  }
  return { books, descriptors: new Descriptors({ capacity, open, close, keepMs }) }
}

const self = async (opened: number): Promise<number> => opened

test('a path is opened once, by however many at a time, and kept', async (t) => {
  const { descriptors } = makeDescriptors(4)
  t.deepEqual(await Promise.all([descriptors.use('a', self), descriptors.use('a', self)]), [1, 1])
  t.true(descriptors.has('a'))
  t.is(await descriptors.use('a', self), 1)
  t.is(await descriptors.use('a', self, { isFresh: true }), 2)
  t.is(await descriptors.use('a', self), 2)
})

test('never more are open than allowed, the longest unused goes first', async (t) => {
  const { books, descriptors } = makeDescriptors(2)
  for (const path of ['a', 'b', 'a', 'c']) await descriptors.use(path, self)
  t.deepEqual(
    ['a', 'b', 'c'].map((path) => descriptors.has(path)),
    [true, false, true],
  )
  const paths = Array.from({ length: 100 }, (_, index) => `p${index % 7}`)
  await Promise.all(paths.map((path) => descriptors.use(path, self)))
  t.is(books.most, 2)
  await descriptors.close()
  t.is(books.open, 0)
  t.is(descriptors.size, 0)
})

test('what is in use is not closed, forgotten or not', async (t) => {
  const { books, descriptors } = makeDescriptors(2)
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
  const using = descriptors.use('a', () => finished)
  await descriptors.use('b', self)
  descriptors.forget('a')
  await descriptors.use('c', self)
  t.is(books.open, 2)
  finish()
  await using
  await descriptors.close()
  t.is(books.open, 0)
})

test('a failed open is not remembered and takes no place', async (t) => {
  const { books, descriptors } = makeDescriptors(1)
  await t.throwsAsync(descriptors.use('bad', self), { message: 'bad' })
  await t.throwsAsync(descriptors.use('bad', self), { message: 'bad' })
  t.is(await descriptors.use('good', self), 1)
  await descriptors.close()
  t.is(books.open, 0)
})

test('a path is believed for its time only, and what nobody uses is closed', async (t) => {
  const { books, descriptors } = makeDescriptors(4, 1)
  await descriptors.use('a', self)
  while (books.open > 0) await new Promise((resolve) => setTimeout(resolve, 2))
  t.false(descriptors.has('a'))
  t.is(await descriptors.use('a', self), 2)
  await descriptors.close()
})
