// The second driver, in a process of its own: what it loads stays loaded.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { loadNative } from '../../fuse/native/library.ts'
import { mountTable } from '../../fuse/system/mount-table.ts'
import type { Reason } from '../reasons.ts'
import { testUnless } from '../skip.ts'
import { cannotMount, mountTree, run, runFailing } from './real-mount.ts'

function cannotLoad(): Reason {
  try {
    loadNative()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

const nativeTest = testUnless(
  cannotMount,
  cannotMount === undefined ? cannotLoad() : undefined,
).serial

nativeTest('fuse-native mounts the same tree behind the same interface', async (t) => {
  const content = Buffer.from(Array.from({ length: 3_000_001 }, (_, index) => index % 251))
  const tree = {
    hello: { file: 'hello world' },
    link: { link: 'hello' },
    folder: { directory: { inner: { file: 'inner' }, large: { file: content } } },
  }
  const { mount, path, volume } = await mountTree(t, tree, { driver: 'fuse-native' })
  t.is(await run('ls', path), 'folder\nhello\nlink\n')
  t.is(await run('cat', join(path, 'link')), 'hello world')
  t.is(await run('stat', '-c', '%s %a %Y', join(path, 'folder/inner')), '5 644 1700000001\n')
  const expected = createHash('sha256').update(content).digest('hex')
  t.is((await run('sha256sum', join(path, 'folder/large'))).slice(0, 64), expected)
  t.regex(await runFailing('cat', join(path, 'nothing')), /No such file/)
  t.regex(await runFailing('touch', join(path, 'new')), /Read-only file system/)
  t.true((mount.counters()['fuse_read_total'] ?? 0) > 0)
  await mount.unmount()
  t.is(await mount.closed, 'unmounted')
  t.false(mountTable().some(({ mountPoint }) => mountPoint === path))
  t.true([...volume.references.values()].every((count) => count === 0))
})
