// The second driver, in a process of its own: what it loads stays loaded.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { loadNative } from '../../fuse/native/library.ts'
import { mountTable } from '../../fuse/system/mount-table.ts'
import type { Reason } from '../reasons.ts'
import { testUnless } from '../skip.ts'
import { PosixVolume } from '../posix/posix-volume.ts'
import { cannotMount, mount as mountAny, mountTree, run, runFailing } from './real-mount.ts'
import { runPython } from './real-mount.ts'
import { until } from '../until.ts'

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

nativeTest('fuse-native writes, as far as it can', async (t) => {
  const { path, volume } = await mountAny(t, new PosixVolume(), { driver: 'fuse-native' })
  const script = `
put(p('f'), b'x' * 10000); os.mkdir(p('d')); os.rename(p('f'), p('d', 'g'))
with open(p('d', 'g'), 'ab') as f: f.write(b'end')
os.link(p('d', 'g'), p('h')); os.symlink('h', p('l')); os.truncate(p('h'), 9999); os.chmod(p('h'), 0o600)
print(len(get(p('l'))), os.stat(p('h')).st_nlink, oct(os.stat(p('h')).st_mode), sorted(os.listdir(at)))
fd = os.open(p('new'), os.O_CREAT | os.O_RDWR, 0o644); os.write(fd, b'abc'); os.ftruncate(fd, 2); os.fsync(fd)
print(os.pread(fd, 9, 0)); os.close(fd)
os.unlink(p('new')); os.unlink(p('h')); os.unlink(p('l')); os.unlink(p('d', 'g')); os.rmdir(p('d'))
print(os.listdir(at), errno_of(os.rmdir, p('d')))`
  t.is(await runPython(script, path), "9999 2 0o100600 ['d', 'h', 'l']\nb'ab'\n[] ENOENT\n")
  await until(() => volume.openHandles === 0)
  t.true([...volume.references.values()].every((count) => count === 0))
})
