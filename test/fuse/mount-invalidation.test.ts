import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { ChildProcess } from 'node:child_process'
import { noProgram } from '../reasons.ts'
import { testUnless } from '../skip.ts'
import { until } from '../until.ts'
import type { Tree } from './memory-volume.ts'
import {
  cannotMount,
  isKept,
  mountTree,
  run,
  runFailing,
  spawnProgram,
  told,
} from './real-mount.ts'

const fuseTest = testUnless(cannotMount).serial
const pythonTest = testUnless(cannotMount, noProgram('python3')).serial

const tree: Tree = {
  file: { file: 'old content' },
  gone: { file: 'x' },
  folder: { directory: { inner: { file: 'inner' }, deep: { directory: { leaf: { file: 'l' } } } } },
}

fuseTest('A file that changed is read anew, and its attributes too', async (t) => {
  const here = await mountTree(t, tree)
  const { at, volume } = here
  const readOld = async () => t.is(await run('cat', at('file')), 'old content')
  await readOld()
  t.true(await isKept(() => volume.calls.get('read'), readOld), 'as long as nobody says so')
  const inode = volume.find('file')
  volume.write(inode, 'new content, longer')
  volume.invalidate({ type: 'inode', nodeid: inode.number, data: true })
  await told(here)
  t.is(await run('cat', at('file')), 'new content, longer')
  t.is(await run('stat', '-c', '%s %Y', at('file')), '19 1700000002\n')
})

fuseTest('A name that appeared is found, though its absence was known', async (t) => {
  const here = await mountTree(t, tree)
  const { at, volume } = here
  const miss = async () => t.regex(await runFailing('cat', at('folder/new')), /No such file/)
  await miss()
  t.true(await isKept(() => volume.calls.get('lookup'), miss), 'as long as nobody says so')
  volume.put(volume.find('folder'), 'new', { file: 'just made' })
  volume.invalidate({ type: 'entry', parent: volume.find('folder').number, name: 'new' })
  await told(here)
  t.is(await run('cat', at('folder/new')), 'just made')
})

for (const zeroMessageOpens of [false, true]) {
  const how = zeroMessageOpens ? ', nor in a listing that was not opened' : ''
  fuseTest(
    `A name that went, or stands for another file now, is not the old one${how}`,
    async (t) => {
      const here = await mountTree(t, tree, { zeroMessageOpens })
      const { at, volume, path } = here
      t.is(await run('ls', path), 'file\nfolder\ngone\n')
      t.is(await run('cat', at('file')), 'old content')
      volume.root.children.delete('gone')
      volume.put(volume.root, 'file', { file: 'another file' })
      volume.invalidate({ type: 'entry', parent: 1, name: 'gone' })
      volume.invalidate({ type: 'entry', parent: 1, name: 'file' })
      await told(here)
      t.is(await run('ls', path), 'file\nfolder\n', 'the kept listing is dropped as well')
      t.regex(await runFailing('cat', at('gone')), /No such file/)
      t.is(await run('cat', at('file')), 'another file')
    },
  )
}

pythonTest('A program that has the file open and mapped sees the new content', async (t) => {
  const here = await mountTree(t, tree)
  const { at, volume } = here
  const script = `
import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
m = mmap.mmap(fd, 0, prot=mmap.PROT_READ)
for line in sys.stdin:
    print(m[:11].decode(), os.pread(fd, 11, 0).decode(), sep='|', flush=True)`
  const reader = spawnProgram('python3', '-c', script, at('file'))
  t.teardown(() => reader.kill('SIGKILL'))
  const ask = asker(reader)
  t.is(await ask(), 'old content|old content')
  const inode = volume.find('file')
  volume.write(inode, 'NEW CONTENT')
  volume.invalidate({ type: 'inode', nodeid: inode.number, data: true })
  await told(here)
  t.is(await ask(), 'NEW CONTENT|NEW CONTENT')
})

/** Sends a line, waits for one. */
function asker(child: ChildProcess): () => Promise<string> {
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('no pipes')
  const lines = createInterface({ input: stdout })
  return async () => {
    const answer = once(lines, 'line')
    stdin.write('\n')
    const [line] = (await answer) as [string]
    return line
  }
}

fuseTest('Attributes alone: the pages stay', async (t) => {
  const here = await mountTree(t, tree)
  const { at, volume, mount } = here
  await run('cat', at('file'))
  const inode = volume.find('file')
  let mode = 0o600
  const changeMode = async () => {
    inode.attributes = { ...inode.attributes, mode: ++mode }
    volume.invalidate({ type: 'inode', nodeid: inode.number, data: false })
    await told(here)
    t.is(await run('stat', '-c', '%a', at('file')), `${mode.toString(8)}\n`)
    await run('cat', at('file'))
  }
  t.true(await isKept(() => mount.counters()['fuse_read_total'], changeMode))
})

fuseTest('"Everything": no name, attribute or page of before is seen again', async (t) => {
  const here = await mountTree(t, tree)
  const { at, volume, path } = here
  await run('cat', at('file'), at('gone'), at('folder/inner'), at('folder/deep/leaf'))
  await runFailing('cat', at('new'), at('folder/deep/new'))
  await run('ls', '-R', path)
  volume.write(volume.find('file'), 'other')
  volume.root.children.delete('gone')
  volume.put(volume.root, 'new', { file: 'new in root' })
  volume.put(volume.find('folder', 'deep'), 'new', { file: 'new, deep' })
  volume.write(volume.find('folder', 'deep', 'leaf'), 'L')
  volume.invalidate({ type: 'everything' })
  await until(async () => (await run('cat', at('folder/deep/leaf'))) === 'L')
  await told(here)
  t.is(await run('cat', at('file'), at('new'), at('folder/deep/new')), 'othernew in rootnew, deep')
  t.regex(await runFailing('cat', at('gone')), /No such file/)
  t.is(await run('ls', path), 'file\nfolder\nnew\n')
})

fuseTest('A notify that waits for a read in flight keeps nobody else waiting', async (t) => {
  const here = await mountTree(t, tree)
  const { at, volume } = here
  const inode = volume.find('file')
  const gate = Promise.withResolvers<void>()
  const isReading = Promise.withResolvers<void>()
  volume.before = (operation) => {
    if (operation !== 'read') return
    isReading.resolve()
    return gate.promise
  }
  const reading = run('cat', at('file'))
  await isReading.promise
  volume.before = () => undefined
  volume.invalidate({ type: 'inode', nodeid: inode.number, data: true })
  t.is(await run('cat', at('gone')), 'x')
  t.regex(await run('ls', '-l', at('folder')), /inner/)
  gate.resolve()
  t.is(await reading, 'old content')
  await told(here)
  t.is(await run('cat', at('file')), 'old content')
})
