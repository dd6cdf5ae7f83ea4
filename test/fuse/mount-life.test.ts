import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MemoryVolume } from './memory-volume.ts'
import { mountVolume } from '../../fuse/mount.ts'
import { mountTable } from '../../fuse/system/mount-table.ts'
import { noProgram } from '../reasons.ts'
import { testUnless } from '../skip.ts'
import { until } from '../until.ts'
import { startChild } from './child.ts'
import {
  cannotMount,
  makeMountPoint,
  mountTree,
  run,
  runFailing,
  spawnProgram,
} from './real-mount.ts'

const fuseTest = testUnless(cannotMount).serial
const pythonTest = testUnless(cannotMount, noProgram('python3')).serial

const tree = { hello: { file: 'hello world' }, large: { file: new Uint8Array(8 << 20) } }
const volume = () => new MemoryVolume(tree)
const isMounted = (path: string) => mountTable().some(({ mountPoint }) => mountPoint === path)
const log = (): void => undefined

fuseTest('Unmounting gives back all that the kernel held', async (t) => {
  const { mount, path, at, volume: served } = await mountTree(t, tree)
  await run('cat', at('hello'))
  await mount.unmount()
  t.is(await mount.closed, 'unmounted')
  t.false(isMounted(path))
  t.true([...served.references.values()].every((count) => count === 0))
  t.is(served.openFiles.size, 0)
  await mount.unmount()
})

pythonTest(
  'Unmounting while a program has a file open ends, and the program gets an error',
  async (t) => {
    const { mount, path, at, volume: served, log: lines } = await mountTree(t, tree)
    const script = `
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
print(os.pread(fd, 5, 0), flush=True)
sys.stdin.readline()
try: print(os.pread(fd, 5, 4 << 20))
except OSError as error: print(error.strerror)`
    const reader = spawnProgram('python3', '-c', script, at('large'))
    t.teardown(() => reader.kill('SIGKILL'))
    let said = ''
    reader.stdout?.on('data', (text) => (said += String(text)))
    await until(() => said.includes('\n'))
    await mount.unmount()
    t.false(isMounted(path))
    t.true(lines.some((line) => line.includes('is in use')))
    t.is(served.openFiles.size, 0)
    reader.stdin?.write('\n')
    await until(() => said.split('\n').length > 2)
    t.regex(said, /not connected|aborted|No such device/)
  },
)

fuseTest('Unmounting while a read never ends does not wait for it', async (t) => {
  const { mount, path, at, volume: served } = await mountTree(t, tree)
  const isReading = Promise.withResolvers<AbortSignal | undefined>()
  served.before = (operation, { signal }) => {
    if (operation !== 'read') return
    isReading.resolve(signal)
    return Promise.withResolvers<void>().promise
  }
  const reading = runFailing('cat', at('hello'))
  const signal = await isReading.promise
  await mount.unmount()
  t.true(signal?.aborted)
  t.false(isMounted(path))
  t.not(await reading, '')
})

for (const signal of ['SIGKILL', 'SIGINT'] as const) {
  fuseTest(
    `${signal} to a program whose lookup hangs aborts the want and lets it go`,
    async (t) => {
      const { at, volume: served } = await mountTree(t, tree)
      const isAsking = Promise.withResolvers<AbortSignal | undefined>()
      served.before = (operation, { signal: abort }) => {
        if (operation !== 'lookup') return
        isAsking.resolve(abort)
        return Promise.withResolvers<void>().promise
      }
      const program = spawnProgram('cat', at('hello'))
      const abort = await isAsking.promise
      program.kill(signal)
      await until(() => abort?.aborted === true)
      await until(() => program.signalCode === signal)
      served.before = () => undefined
      t.is(await run('cat', at('hello')), 'hello world')
    },
  )
}

pythonTest('A program that catches timer signals is not disturbed by them', async (t) => {
  const { at, volume: served } = await mountTree(t, tree)
  served.before = (operation) =>
    operation === 'lookup' ? new Promise((resolve) => setTimeout(resolve, 400)) : undefined
  const script = `
import ctypes, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
ticks = []
signal.signal(signal.SIGALRM, lambda *_: ticks.append(1))
signal.siginterrupt(signal.SIGALRM, False)
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
fd = libc.open(sys.argv[1].encode(), 0)
signal.setitimer(signal.ITIMER_REAL, 0)
print(fd >= 0, ctypes.get_errno(), len(ticks) > 0)`
  t.is(await run('python3', '-c', script, at('hello')), 'True 0 True\n')
})

fuseTest('Somebody else unmounts it: the mount says so', async (t) => {
  const { mount, path } = await mountTree(t, tree)
  await run('umount', path)
  t.is(await mount.closed, 'gone')
  await mount.unmount()
})

fuseTest('What kill -9 left mounted is cleared away by the next mount', async (t) => {
  const path = makeMountPoint(t)
  const child = startChild(t, path)
  t.is((await child.next()).event, 'mounted')
  await child.kill()
  t.true(isMounted(path))
  t.regex(await runFailing('ls', path), /not connected/)
  const lines: string[] = []
  const mount = await mountVolume({
    volume: volume(),
    mountPoint: path,
    log: (_level, line) => void lines.push(line),
  })
  t.true(lines.some((line) => line.includes('left mounted by a crash')))
  t.is(await run('cat', join(path, 'hello')), 'hello world')
  await mount.unmount()
  t.false(isMounted(path))
})

fuseTest('A process that just ends leaves no mount behind', async (t) => {
  const path = makeMountPoint(t)
  const script = `
    const { mountVolume } = await import('${new URL('../../fuse/mount.ts', import.meta.url)}')
    const { MemoryVolume } = await import('${new URL('./memory-volume.ts', import.meta.url)}')
    await mountVolume({ volume: new MemoryVolume({}), mountPoint: process.argv[1], log() {} })
    process.exit(0)`
  await run(process.execPath, '--input-type=module', '-e', script, path)
  t.false(isMounted(path))
})

fuseTest(
  'A mount point that can not be used is refused, with its path and what to do',
  async (t) => {
    const path = makeMountPoint(t)
    const missing = join(path, 'missing')
    const file = join(path, 'file')
    await t.throwsAsync(mountVolume({ volume: volume(), mountPoint: missing, log }), {
      code: 'ENOENT',
      message: new RegExp(`${missing} is not there: create it`),
    })
    writeFileSync(file, '')
    t.teardown(() => rmSync(file, { force: true }))
    await t.throwsAsync(mountVolume({ volume: volume(), mountPoint: file, log }), {
      code: 'ENOTDIR',
    })
    await t.throwsAsync(mountVolume({ volume: volume(), mountPoint: path, log }), {
      code: 'EEXIST',
      message: /is not empty/,
    })
    const mount = await mountVolume({ volume: volume(), mountPoint: path, log, nonempty: true })
    t.is(await run('ls', path), 'hello\nlarge\n')
    await mount.unmount()
    rmSync(file)
  },
)

fuseTest('A mount point that is mounted already is refused', async (t) => {
  const { path } = await mountTree(t, tree)
  await t.throwsAsync(mountVolume({ volume: volume(), mountPoint: path, log }), {
    code: 'EBUSY',
    message: /already mounted: test/,
  })
})

fuseTest('A symbolic link leads to the mount point', async (t) => {
  const path = makeMountPoint(t)
  const link = `${path}-link`
  symlinkSync(path, link)
  t.teardown(() => rmSync(link))
  const mount = await mountVolume({ volume: volume(), mountPoint: link, log })
  t.is(mount.mountPoint, path)
  t.is(await run('cat', join(link, 'hello')), 'hello world')
  await mount.unmount()
})
