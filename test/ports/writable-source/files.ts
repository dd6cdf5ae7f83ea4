// One file: its attributes, its bytes, and what is left of it without a name.
import test from 'ava'
import type { Path } from '../../../src/ports/messages.ts'
import { failsWith } from '../source-contract.ts'
import { attributesIn, type Begin, BOTH } from './hand.ts'

export function testAttributes(name: string, begin: Begin): void {
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

export function testFiles(name: string, begin: Begin): void {
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

export function testUnusualFiles(name: string, begin: Begin): void {
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
