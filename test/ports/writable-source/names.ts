// Names: what is made, linked, removed and renamed, and what is refused.
import test from 'ava'
import type { Path } from '../../../src/ports/messages.ts'
import { failsWith } from '../source-contract.ts'
import { attributesIn, type Begin, type Hand, nameIn } from './hand.ts'

export function testNames(name: string, begin: Begin): void {
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

export function testRenames(name: string, begin: Begin): void {
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
