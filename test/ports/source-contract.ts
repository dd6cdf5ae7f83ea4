// What every Source promises, told on one small tree that the implementation under test sets up (it
// is only read, so one is enough for all tests):
//
//   plain.txt      'hello' and a newline, mode 0644, mtime 1,600,000,000.123456789 s
//   empty          no bytes
//   big            300,000 bytes, each its offset modulo 251
//   link           a symbolic link to plain.txt
//   b\xffd         one byte 'x'; the name is not UTF-8
//   sub/           inner (bytes 'inner'), deep/ (empty)
//   many/          n0 to n599, no bytes
import test, { type ExecutionContext } from 'ava'
import { type ErrorCode, PotluckError } from '../../src/base/errors.ts'
import type { Attributes } from '../../src/ports/messages.ts'
import type { Source } from '../../src/ports/source.ts'

export const PLAIN_BYTES = Buffer.from('hello\n')
export const PLAIN_MTIME = { seconds: 1_600_000_000, nanos: 123_456_789 }
export const BIG_BYTES = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => i % 251))
const ROOT_NAMES = ['big', 'b\xffd', 'empty', 'link', 'many', 'plain.txt', 'sub']

export type MakeSource = (t: ExecutionContext) => Promise<Source>

/** Expects a PotluckError of this code. */
export async function failsWith(
  t: ExecutionContext,
  code: ErrorCode,
  work: Promise<unknown>,
): Promise<void> {
  const error = await t.throwsAsync(work, { instanceOf: PotluckError })
  t.is(error?.code, code, error?.message)
}

export function testSource(name: string, make: MakeSource): void {
  testAttributes(name, make)
  testListings(name, make)
  testReads(name, make)
  testPaths(name, make)
  testEndings(name, make)
}

function testAttributes(name: string, make: MakeSource): void {
  test(`${name}: attributes are those of lstat, to the nanosecond`, async (t) => {
    const source = await make(t)
    const plain = await source.attributes('plain.txt')
    t.is(plain.type, 'file')
    t.is(plain.mode, 0o644)
    t.is(plain.size, PLAIN_BYTES.length)
    t.is(plain.nlink, 1)
    t.is(plain.mtimeSeconds, PLAIN_MTIME.seconds)
    t.is(plain.mtimeNanos, PLAIN_MTIME.nanos)
    t.is((await source.attributes('sub/deep')).type, 'directory')
    t.is((await source.attributes('link')).type, 'symlink')
    t.is((await source.attributes('')).type, 'directory')
    t.is((await source.attributes('b\xffd')).size, 1)
  })

  test(`${name}: every inode has its own number`, async (t) => {
    const source = await make(t)
    const paths = ['', ...ROOT_NAMES, 'sub/inner', 'sub/deep']
    const inodes = await Promise.all(paths.map(async (path) => source.attributes(path)))
    t.is(new Set(inodes.map(({ inode }) => inode)).size, paths.length)
    for (const { inode } of inodes) t.regex(inode, /^\d+(@.+)?$/)
  })

  test(`${name}: usage is of the file system`, async (t) => {
    const usage = await (await make(t)).usage()
    t.true(usage.blockBytes > 0 && usage.blocks > 0 && usage.blocksFree <= usage.blocks)
  })
}

function testListings(name: string, make: MakeSource): void {
  test(`${name}: a listing has every child with its attributes, and the target of links`, async (t) => {
    const source = await make(t)
    const { self, names, entries } = await source.list('')
    t.deepEqual(unread(self), unread(await source.attributes('')))
    t.deepEqual(names.map(({ name }) => name).toSorted(), ROOT_NAMES)
    t.is(names.find(({ name }) => name === 'link')?.type, 'symlink')
    t.deepEqual(entries.map((entry) => entry.name).toSorted(), ROOT_NAMES)
    const find = (wanted: string) => entries.find((entry) => entry.name === wanted)
    const sub = find('sub')?.attributes
    t.deepEqual(sub && unread(sub), unread(await source.attributes('sub')))
    t.is(find('link')?.target, 'plain.txt')
    t.is(find('plain.txt')?.target, undefined)
    const below = await source.list('sub')
    t.deepEqual(below.entries.map((entry) => entry.name).toSorted(), ['deep', 'inner'])
    t.deepEqual((await source.list('sub/deep')).entries, [])
  })

  test(`${name}: of a large directory only what was chosen is looked at`, async (t) => {
    const source = await make(t)
    let all: readonly string[] = []
    const choose = (names: readonly string[]): string[] => {
      all = names
      return ['n7', 'n500']
    }
    const { names, entries } = await source.list('many', { choose })
    t.is(names.length, 600)
    t.is(new Set(all).size, 600)
    t.deepEqual(entries.map((entry) => entry.name).toSorted(), ['n500', 'n7'])
  })

  test(`${name}: a chosen name that is not there is left out`, async (t) => {
    const source = await make(t)
    const { entries } = await source.list('sub', { choose: () => ['gone', 'inner'] })
    t.deepEqual(
      entries.map((entry) => entry.name),
      ['inner'],
    )
  })
}

/** Reading moves the access time, also when another test reads. */
function unread(attributes: Attributes): Attributes {
  return { ...attributes, atimeSeconds: 0, atimeNanos: 0 }
}

function testReads(name: string, make: MakeSource): void {
  test(`${name}: a range is read exactly, fewer bytes only at the end`, async (t) => {
    const source = await make(t)
    const { inode, size } = await source.attributes('big')
    const cases = [
      [0, 300_000],
      [0, 1],
      [299_999, 1],
      [65_536, 65_536],
      [262_144, 65_536],
      [299_999, 100],
      [300_000, 100],
      [400_000, 100],
      [5, 0],
    ] as const
    const reads = cases.map(async ([from, length]) => {
      const { attributes, bytes } = await source.read('big', { inode, from, length })
      t.true(
        Buffer.from(bytes).equals(BIG_BYTES.subarray(from, from + length)),
        `${from} ${length}`,
      )
      t.is(attributes.size, size)
      t.is(attributes.inode, inode)
    })
    await Promise.all(reads)
  })

  test(`${name}: empty files and names that are no UTF-8 are read like others`, async (t) => {
    const source = await make(t)
    const read = async (path: string): Promise<string> => {
      const { inode } = await source.attributes(path)
      const { bytes } = await source.read(path, { inode, from: 0, length: 100 })
      return Buffer.from(bytes).toString()
    }
    t.is(await read('empty'), '')
    t.is(await read('b\xffd'), 'x')
    t.is(await read('sub/inner'), 'inner')
  })

  test(`${name}: what is read owns its memory`, async (t) => {
    const source = await make(t)
    const { inode } = await source.attributes('plain.txt')
    const { bytes } = await source.read('plain.txt', { inode, from: 0, length: 1_048_576 })
    t.is(bytes.buffer.byteLength, PLAIN_BYTES.length)
  })

  test(`${name}: another inode at the path is ESTALE`, async (t) => {
    const source = await make(t)
    const { inode } = await source.attributes('plain.txt')
    await failsWith(t, 'ESTALE', source.read('big', { inode, from: 0, length: 10 }))
  })

  test(`${name}: only files are read`, async (t) => {
    const source = await make(t)
    const { inode } = await source.attributes('sub')
    await failsWith(t, 'EISDIR', source.read('sub', { inode, from: 0, length: 10 }))
    const link = await source.attributes('link')
    const range = { inode: link.inode, from: 0, length: 10 }
    await failsWith(t, 'ELOOP', source.read('link', range))
  })
}

function testPaths(name: string, make: MakeSource): void {
  test(`${name}: what is not there is ENOENT, what is beneath a file ENOTDIR`, async (t) => {
    const source = await make(t)
    await failsWith(t, 'ENOENT', source.attributes('absent'))
    await failsWith(t, 'ENOENT', source.list('absent'))
    await failsWith(t, 'ENOENT', source.attributes('absent/inner'))
    await failsWith(t, 'ENOENT', source.read('absent', { inode: '1', from: 0, length: 1 }))
    await failsWith(t, 'ENOTDIR', source.attributes('plain.txt/inner'))
    await failsWith(t, 'ENOTDIR', source.list('plain.txt'))
  })

  test(`${name}: no path leaves the volume`, async (t) => {
    const source = await make(t)
    const bad = ['..', '../x', 'sub/../..', '/etc', 'sub//inner', 'sub/', '.', 'a\0b', '\u0100']
    for (const path of bad) {
      await failsWith(t, 'EINVAL', source.attributes(path))
      await failsWith(t, 'EINVAL', source.list(path))
      await failsWith(t, 'EINVAL', source.read(path, { inode: '1', from: 0, length: 1 }))
    }
  })

  test(`${name}: a name of 256 bytes is too long, one of 255 just absent`, async (t) => {
    const source = await make(t)
    await failsWith(t, 'ENAMETOOLONG', source.attributes('x'.repeat(256)))
    await failsWith(t, 'ENOENT', source.attributes('x'.repeat(255)))
    await failsWith(t, 'ENAMETOOLONG', source.list(Array(10_000).fill('x').join('/')))
  })
}

function testEndings(name: string, make: MakeSource): void {
  test(`${name}: an aborted call rejects with ABORTED`, async (t) => {
    const source = await make(t)
    await failsWith(t, 'ABORTED', source.list('', { signal: AbortSignal.abort() }))
    const control = new AbortController()
    const listing = source.list('many', { signal: control.signal })
    control.abort()
    await failsWith(t, 'ABORTED', listing)
    t.is((await source.list('sub')).names.length, 2)
  })

  test(`${name}: a closed source says CLOSED`, async (t) => {
    const source = await make(t)
    await source.close()
    await source.close()
    await failsWith(t, 'CLOSED', source.attributes(''))
  })
}
