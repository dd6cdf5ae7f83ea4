import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openWritableSource } from '../../../../peers/source/open-source.ts'
import type { WritableDirectorySource } from '../../../../peers/source/writing/writable-directory-source.ts'
import type { Caller } from '../../../../src/ports/changes.ts'
import type { Outcome } from '../../../../src/ports/writable-source.ts'
import { failsWith } from '../../../ports/source-contract.ts'
import { testWritableSource } from '../../../ports/writable-source-contract.ts'
import { notRoot } from '../../../reasons.ts'
import { testUnless } from '../../../skip.ts'
import { makeFolder } from '../fixture.ts'

async function open(t: ExecutionContext, directory: string): Promise<WritableDirectorySource> {
  const source = await openWritableSource({ directory })
  t.teardown(() => source.close())
  return source
}

testWritableSource('a directory', async (t) => open(t, await makeFolder(t)))

const rootTest = testUnless(notRoot())
const ALICE: Caller = { uid: 4_001, gid: 4_001, groups: [4_010], umask: 0o027 }

function mkdirAs(source: WritableDirectorySource, name: string, caller: Caller): Promise<Outcome> {
  const [path = '', last = ''] = name.includes('/') ? name.split('/') : ['', name]
  const directory = path === '' ? Promise.resolve('0') : source.attributes(path)
  return directory.then((found) => {
    const inode = typeof found === 'string' ? found : found.inode
    const at = { directory: inode, path, name: last }
    return source.change({ type: 'mkdir', at, mode: 0o777 }, { caller })
  })
}

rootTest('what is made belongs to whom it is made for, with their umask', async (t) => {
  const folder = await makeFolder(t)
  chmodSync(folder, 0o777)
  const source = await open(t, folder)
  const callers = Array.from({ length: 20 }, (_, i) => ({ ...ALICE, uid: 4_001 + i, umask: i }))
  await Promise.all(callers.map((caller, i) => mkdirAs(source, `d${i}`, caller)))
  for (const [i, { uid, gid, umask }] of callers.entries()) {
    const stats = statSync(join(folder, `d${i}`))
    t.deepEqual([stats.uid, stats.gid, stats.mode & 0o7777], [uid, gid, 0o777 & ~umask])
  }
})

rootTest(
  'the source’s permissions decide: owner, groups, sticky and setgid directories',
  async (t) => {
    const folder = await makeFolder(t)
    const at = (name: string): string => join(folder, name)
    for (const [name, mode, gid] of [
      ['closed', 0o755, 0],
      ['group', 0o2775, 4_010],
      ['sticky', 0o1777, 0],
    ] as const) {
      mkdirSync(at(name))
      chownSync(at(name), 0, gid)
      chmodSync(at(name), mode)
    }
    writeFileSync(at('sticky/roots'), 'x')
    const source = await open(t, folder)
    await failsWith(t, 'EACCES', mkdirAs(source, 'closed/d', ALICE))
    await failsWith(t, 'EACCES', mkdirAs(source, 'group/d', { ...ALICE, groups: [] }))
    await mkdirAs(source, 'group/d', ALICE)
    t.deepEqual([statSync(at('group/d')).uid, statSync(at('group/d')).gid], [4_001, 4_010])
    const { inode: directory } = await source.attributes('sticky')
    const unlink = { type: 'unlink', at: { directory, path: 'sticky', name: 'roots' } } as const
    await failsWith(t, 'EPERM', source.change(unlink, { caller: ALICE }))
    const { inode } = await source.attributes('sticky/roots')
    const on = { inode, path: 'sticky/roots' }
    const chown = { type: 'setattr', on, changes: { uid: 4_001 } } as const
    await failsWith(t, 'EPERM', source.change(chown, { caller: ALICE }))
    await source.change(chown, { caller: { uid: 0, gid: 0, groups: [], umask: 0 } })
    await source.change(unlink, { caller: ALICE })
  },
)

test('a closed source gives back its threads and descriptors', async (t) => {
  const folder = await makeFolder(t)
  const source = await openWritableSource({ directory: folder })
  const how = { access: 'both', append: false, truncate: false, direct: false } as const
  const at = { directory: '0', path: '', name: 'f' }
  const caller = {
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    groups: [],
    umask: 0,
  }
  await source.change({ type: 'create', at, mode: 0o666, isExclusive: true, how }, { caller })
  t.is(source.openHandles, 1)
  await source.close()
  t.is(source.openHandles, 0)
})

rootTest('where the room runs out, the write says so, with what still fitted', async (t) => {
  const folder = await makeFolder(t)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'potluck-test', folder])
  t.teardown(() => execFileSync('umount', [folder]))
  const source = await openWritableSource({ directory: folder })
  const caller = { uid: 0, gid: 0, groups: [], umask: 0 }
  const how = { access: 'both', append: false, truncate: false, direct: false } as const
  const at = { directory: '0', path: '', name: 'f' }
  const create = { type: 'create', at, mode: 0o666, isExclusive: true, how } as const
  const { handle = 0 } = await source.change(create, { caller })
  const write = (from: number) =>
    source.change(
      { type: 'write', of: { handle, from }, bytes: new Uint8Array(50_000), isAppend: false },
      { caller },
    )
  t.is((await write(0)).count, 50_000)
  const { count = 0 } = await write(50_000)
  t.true(count > 0 && count < 50_000)
  await failsWith(t, 'ENOSPC', write(100_000))
  await source.close()
})

rootTest('storage that is mounted read-only is no source to write to', async (t) => {
  const folder = await makeFolder(t)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,ro', 'potluck-test', folder])
  t.teardown(() => execFileSync('umount', [folder]))
  await failsWith(t, 'EROFS', openWritableSource({ directory: folder }))
})
