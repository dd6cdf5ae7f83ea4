// What every WritableSource promises. `make` gives an empty one.
import test, { type ExecutionContext } from 'ava'
import type { AttributeChanges, OpenMode } from '../../src/ports/changes.ts'
import type { Attributes, Inode, Path } from '../../src/ports/messages.ts'
import type { Change, Effect, Outcome, WritableSource } from '../../src/ports/writable-source.ts'
import { failsWith } from './source-contract.ts'

export type MakeWritable = (t: ExecutionContext) => Promise<WritableSource>

const CALLER = {
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  groups: [],
  umask: 0o022,
}
const BOTH: OpenMode = { access: 'both', append: false, truncate: false, direct: false }

/** A source with words for what the tests do to it. */
class Hand {
  readonly source: WritableSource

  constructor(source: WritableSource) {
    this.source = source
  }

  do(change: Change): Promise<Outcome> {
    return this.source.change(change, { caller: CALLER })
  }

  async at(path: Path) {
    const slash = path.lastIndexOf('/')
    const above = path.slice(0, Math.max(0, slash))
    return { directory: await this.inode(above), path: above, name: path.slice(slash + 1) }
  }

  async on(path: Path) {
    return { inode: await this.inode(path), path }
  }

  async inode(path: Path): Promise<Inode> {
    return path === '' ? '0' : (await this.source.attributes(path)).inode
  }

  async mkdir(path: Path): Promise<Outcome> {
    return this.do({ type: 'mkdir', at: await this.at(path), mode: 0o777 })
  }

  async create(path: Path, how: Partial<OpenMode> = {}, isExclusive = false): Promise<number> {
    const at = await this.at(path)
    const mode = 0o666
    const full = { ...BOTH, ...how }
    const { handle } = await this.do({ type: 'create', at, mode, isExclusive, how: full })
    return handle ?? 0
  }

  write(handle: number, from: number | 'end', text: string): Promise<Outcome> {
    const isAppend = from === 'end'
    const of = { handle, from: isAppend ? 0 : from }
    return this.do({ type: 'write', of, bytes: Buffer.from(text), isAppend })
  }

  async text(path: Path): Promise<string> {
    const { inode, size } = await this.source.attributes(path)
    const { bytes } = await this.source.read(path, { inode, from: 0, length: size })
    return Buffer.from(bytes).toString()
  }

  /** Makes a file with these bytes. */
  async file(path: Path, text: string): Promise<void> {
    const handle = await this.create(path)
    await this.write(handle, 0, text)
    await this.do({ type: 'close', handle })
  }

  async names(path: Path): Promise<string[]> {
    return (await this.source.list(path)).names.map(({ name }) => name).toSorted()
  }

  async set(path: Path, changes: AttributeChanges): Promise<Attributes> {
    const outcome = await this.do({ type: 'setattr', on: await this.on(path), changes })
    return attributesIn(outcome)
  }
}

function attributesIn({ effects }: Outcome): Attributes {
  for (const effect of effects) if (effect.type === 'inode') return effect.attributes
  throw new Error('no attributes')
}

function nameIn({ effects }: Outcome, name: string): Extract<Effect, { type: 'name' }> | undefined {
  for (const effect of effects) if (effect.type === 'name' && effect.name === name) return effect
  return undefined
}

export function testWritableSource(name: string, make: MakeWritable): void {
  const begin = async (t: ExecutionContext): Promise<Hand> => new Hand(await make(t))
  testNames(name, begin)
  testRenames(name, begin)
  testAttributes(name, begin)
  testFiles(name, begin)
  testUnusualFiles(name, begin)
}

type Begin = (t: ExecutionContext) => Promise<Hand>

function testNames(name: string, begin: Begin): void {
  test(`${name}: what is made is there, and told with its directory's attributes`, async (t) => {
    const hand = await begin(t)
    const made = await hand.mkdir('d')
    t.is(nameIn(made, 'd')?.entry?.attributes.type, 'directory')
    t.is(nameIn(made, 'd')?.entry?.attributes.mode, 0o755)
    t.is(nameIn(made, 'd')?.directory, '0')
    t.true(made.effects.some((effect) => effect.type === 'inode' && effect.inode === '0'))
    await hand.do({ type: 'symlink', at: await hand.at('d/l'), target: '../x' })
    await hand.do({
      type: 'mknod',
      at: await hand.at('d/p'),
      node: { type: 'fifo', mode: 0o600, rdev: 0 },
    })
    await hand.file('d/f\xff', 'hello')
    t.deepEqual(await hand.names('d'), ['f\xff', 'l', 'p'])
    const { entries } = await hand.source.list('d')
    t.is(entries.find((entry) => entry.name === 'l')?.target, '../x')
    t.is(await hand.text('d/f\xff'), 'hello')
  })

  test(`${name}: a name that is there can't be made again`, async (t) => {
    const hand = await begin(t)
    await hand.mkdir('d')
    await failsWith(t, 'EEXIST', hand.mkdir('d'))
    await hand.file('f', 'x')
    await failsWith(t, 'EEXIST', hand.create('f', {}, true))
    await failsWith(t, 'EISDIR', hand.create('d'))
    t.is(await hand.text('f'), 'x')
    const handle = await hand.create('f', { truncate: true })
    t.is(await hand.text('f'), '')
    await hand.do({ type: 'close', handle })
  })

  test(`${name}: links count`, async (t) => {
    const hand = await begin(t)
    await hand.file('f', 'x')
    const linked = await hand.do({
      type: 'link',
      from: await hand.on('f'),
      at: await hand.at('g'),
    })
    t.is(nameIn(linked, 'g')?.entry?.attributes.nlink, 2)
    const gone = await hand.do({ type: 'unlink', at: await hand.at('f') })
    t.is(nameIn(gone, 'f')?.entry, undefined)
    t.is(attributesIn(gone).nlink, 1)
    t.is(await hand.text('g'), 'x')
  })

  test(`${name}: only what can be removed is`, async (t) => {
    const hand = await begin(t)
    await hand.mkdir('d')
    await hand.file('d/f', '')
    const remove = async (type: 'unlink' | 'rmdir', path: Path) =>
      hand.do({ type, at: await hand.at(path) })
    await failsWith(t, 'ENOTEMPTY', remove('rmdir', 'd'))
    await failsWith(t, 'ENOTDIR', remove('rmdir', 'd/f'))
    await failsWith(t, 'EISDIR', remove('unlink', 'd'))
    await failsWith(t, 'ENOENT', remove('unlink', 'd/absent'))
    await remove('unlink', 'd/f')
    await remove('rmdir', 'd')
    t.deepEqual(await hand.names(''), [])
  })

  test(`${name}: where another inode is, nothing is changed`, async (t) => {
    const hand = await begin(t)
    await hand.mkdir('d')
    await hand.file('f', 'x')
    const wrong = { directory: '987654321', path: 'd', name: 'n' }
    await failsWith(t, 'ESTALE', hand.do({ type: 'mkdir', at: wrong, mode: 0o777 }))
    const on = { inode: '987654321', path: 'f' }
    await failsWith(t, 'ESTALE', hand.do({ type: 'setattr', on, changes: { size: 0 } }))
    t.is(await hand.text('f'), 'x')
  })

  test(`${name}: no name leaves its directory`, async (t) => {
    const hand = await begin(t)
    for (const bad of ['..', '.', '', 'a/b', 'a\0b']) {
      const at = { directory: '0', path: '', name: bad }
      await failsWith(t, 'EINVAL', hand.do({ type: 'mkdir', at, mode: 0o777 }))
    }
  })
}

function testRenames(name: string, begin: Begin): void {
  const rename = async (
    hand: Hand,
    [from, to]: readonly [Path, Path],
    mode: 'replace' | 'no-replace' | 'exchange',
  ) => hand.do({ type: 'rename', from: await hand.at(from), at: await hand.at(to), mode })

  test(`${name}: a rename replaces, or not, or exchanges`, async (t) => {
    const hand = await begin(t)
    await hand.mkdir('d')
    await hand.file('a', 'A')
    await hand.file('d/b', 'B')
    await failsWith(t, 'EEXIST', rename(hand, ['a', 'd/b'], 'no-replace'))
    const exchanged = await rename(hand, ['a', 'd/b'], 'exchange')
    t.truthy(nameIn(exchanged, 'a')?.entry)
    t.is(await hand.text('a'), 'B')
    const replaced = await rename(hand, ['a', 'd/b'], 'replace')
    t.is(nameIn(replaced, 'a')?.entry, undefined)
    t.is(replaced.effects[0]?.type, 'name')
    t.truthy(nameIn(replaced, 'b')?.entry)
    t.is(await hand.text('d/b'), 'B')
    t.deepEqual(await hand.names(''), ['d'])
  })

  test(`${name}: a directory moves with all below it, and not below itself`, async (t) => {
    const hand = await begin(t)
    await hand.mkdir('d')
    await hand.mkdir('d/e')
    await hand.file('d/e/f', 'x')
    await failsWith(t, 'EINVAL', rename(hand, ['d', 'd/e/d'], 'replace'))
    await rename(hand, ['d', 'n'], 'no-replace')
    await hand.mkdir('d')
    t.is(await hand.text('n/e/f'), 'x')
    t.deepEqual(await hand.names('d'), [])
    await hand.file('d/g', 'y')
    t.deepEqual(await hand.names('n'), ['e'])
    await failsWith(t, 'ENOTEMPTY', rename(hand, ['n', 'd'], 'replace'))
  })
}

function testAttributes(name: string, begin: Begin): void {
  test(`${name}: times are set to the nanosecond, and mode and size as told`, async (t) => {
    const hand = await begin(t)
    await hand.file('f', 'hello')
    const mtime = { seconds: 1_600_000_000, nanos: 123_456_789 }
    const atime = { seconds: -5, nanos: 1 }
    const set = await hand.set('f', { mtime, atime })
    t.is(set.mtimeSeconds, mtime.seconds)
    t.is(set.mtimeNanos, mtime.nanos)
    t.is(set.atimeSeconds, -5)
    t.is(set.atimeNanos, 1)
    t.is((await hand.set('f', { mode: 0o4711 })).mode, 0o4711)
    t.is((await hand.set('f', { size: 2 })).size, 2)
    t.is(await hand.text('f'), 'he')
    t.is((await hand.set('f', { size: 4 })).size, 4)
    t.is(await hand.text('f'), 'he\0\0')
    const now = await hand.set('f', { mtime: 'now' })
    t.true(now.mtimeSeconds > mtime.seconds)
  })
}

function testFiles(name: string, begin: Begin): void {
  test(`${name}: writes land where they are told to, appends at the end`, async (t) => {
    const hand = await begin(t)
    const handle = await hand.create('f')
    const written = await hand.write(handle, 3, 'def')
    t.is(written.count, 3)
    t.is(attributesIn(written).size, 6)
    await hand.write(handle, 0, 'abc')
    const how = { ...BOTH, access: 'write', append: true } as const
    const opened = await hand.do({ type: 'open', on: await hand.on('f'), how })
    const appended = await hand.write(opened.handle ?? 0, 'end', 'ghi')
    t.is(attributesIn(appended).size, 9)
    t.is(appended.offset, 6)
    const again = await hand.write(handle, 'end', 'jkl')
    t.is(again.offset, 9)
    await hand.write(opened.handle ?? 0, 1, 'B')
    t.is(await hand.text('f'), 'aBcdefghijkl')
    for (const one of [handle, opened.handle ?? 0]) await hand.do({ type: 'close', handle: one })
    await failsWith(t, 'EBADF', hand.write(handle, 0, 'x'))
  })

  test(`${name}: an open file is read and written after its last name is gone`, async (t) => {
    const hand = await begin(t)
    const handle = await hand.create('f')
    await hand.do({ type: 'unlink', at: await hand.at('f') })
    await hand.write(handle, 0, 'still here')
    const read = await hand.do({ type: 'read', of: { handle, from: 6 }, length: 99 })
    t.is(Buffer.from(read.bytes ?? []).toString(), 'here')
    const on = { inode: attributesIn(await hand.write(handle, 0, 's')).inode, path: 'f', handle }
    const cut = await hand.do({ type: 'setattr', on, changes: { size: 1 } })
    t.is(attributesIn(cut).size, 1)
    t.is(attributesIn(cut).nlink, 0)
    await hand.do({ type: 'close', handle })
    await failsWith(t, 'ENOENT', hand.source.attributes('f'))
  })
}

function testUnusualFiles(name: string, begin: Begin): void {
  test(`${name}: a file that loses its last name is kept open where that is asked`, async (t) => {
    const hand = await begin(t)
    await hand.file('f', 'first')
    await hand.file('g', 'second')
    await hand.do({ type: 'link', from: await hand.on('f'), at: await hand.at('l') })
    const unlink = async (path: Path) =>
      hand.do({ type: 'unlink', at: await hand.at(path), keep: true })
    t.is((await unlink('l')).handle, undefined)
    const { handle: first = 0 } = await hand.do({
      type: 'rename',
      from: await hand.at('g'),
      at: await hand.at('f'),
      mode: 'replace',
      keep: true,
    })
    const { handle: second = 0 } = await unlink('f')
    for (const [handle, text] of [
      [first, 'first'],
      [second, 'second'],
    ] as const) {
      const read = await hand.do({ type: 'read', of: { handle, from: 0 }, length: 99 })
      t.is(Buffer.from(read.bytes ?? []).toString(), text)
      await hand.do({ type: 'close', handle })
    }
    await hand.mkdir('d')
    t.is((await hand.do({ type: 'rmdir', at: await hand.at('d') })).handle, undefined)
  })

  test(`${name}: a copy of a range, and room made and taken away`, async (t) => {
    const hand = await begin(t)
    await hand.file('f', 'hello world')
    const how = BOTH
    const { handle: from = 0 } = await hand.do({ type: 'open', on: await hand.on('f'), how })
    const to = await hand.create('g')
    const copied = await hand.do({
      type: 'copy',
      of: { handle: from, from: 6 },
      to: { handle: to, from: 0 },
      length: 100,
    })
    t.is(copied.count, 5)
    t.is(await hand.text('g'), 'world')
    const room = { handle: to, from: 0 }
    await hand.do({ type: 'allocate', of: room, length: 8, how: 'extend' })
    t.is((await hand.source.attributes('g')).size, 8)
    await hand.do({ type: 'allocate', of: { handle: to, from: 1 }, length: 2, how: 'punch-hole' })
    t.is(await hand.text('g'), 'w\0\0ld\0\0\0')
    const data = await hand.do({ type: 'seek', of: room, for: 'data' })
    t.is(data.offset, 0)
    await failsWith(t, 'ENXIO', hand.do({ type: 'seek', of: { handle: to, from: 9 }, for: 'hole' }))
    for (const handle of [from, to]) {
      await hand.do({ type: 'sync', handle, dataOnly: true })
      await hand.do({ type: 'close', handle })
    }
    await hand.do({ type: 'sync-directory', on: { inode: '0', path: '' } })
  })

  test(`${name}: a file without a name gets one by a link`, async (t) => {
    const hand = await begin(t)
    await hand.mkdir('d')
    const made = await hand.do({
      type: 'tmpfile',
      on: await hand.on('d'),
      mode: 0o600,
      how: BOTH,
    })
    const { handle = 0 } = made
    t.is(attributesIn(made).nlink, 0)
    await hand.write(handle, 0, 'tmp')
    t.deepEqual(await hand.names('d'), [])
    const from = { inode: attributesIn(made).inode, path: '', handle }
    await hand.do({ type: 'link', from, at: await hand.at('d/named') })
    await hand.do({ type: 'close', handle })
    t.is(await hand.text('d/named'), 'tmp')
  })
}
