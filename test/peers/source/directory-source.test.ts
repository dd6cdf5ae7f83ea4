import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, open, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { failsWith } from '../../ports/source-contract.ts'
import { notRoot } from '../../reasons.ts'
import { testUnless } from '../../skip.ts'
import { makeFolder, openSource } from './fixture.ts'

test('a symbolic link half-way is not followed, wherever it leads', async (t) => {
  const folder = await makeFolder(t)
  const outside = await makeFolder(t)
  await mkdir(join(outside, 'dir'))
  await mkdir(join(folder, 'inside/dir'), { recursive: true })
  await writeFile(join(outside, 'secret'), 'secret')
  await symlink(outside, join(folder, 'out'))
  await symlink('inside', join(folder, 'in'))
  await symlink('..', join(folder, 'inside/up'))
  const source = await openSource(t, folder)
  for (const path of ['out', 'out/dir', 'in/dir', 'out/dir/x', 'inside/up/out/dir']) {
    await failsWith(t, 'ENOTDIR', source.list(path))
  }
  const range = { inode: '1', from: 0, length: 10 }
  await failsWith(t, 'ENOTDIR', source.read('out/secret', range))
  await failsWith(t, 'ENOTDIR', source.attributes('out/secret'))
  await failsWith(t, 'ENOTDIR', source.read('inside/up/out/secret', range))
})

test('a file deeper than one path can say is found, listed and read', async (t) => {
  const folder = await makeFolder(t)
  // Node's own rm knows paths alone.
  t.teardown(() => execFileSync('rm', ['-r', join(folder, 'top')]))
  const names = ['top', ...Array<string>(30).fill('d'.repeat(200))]
  let at = await open(folder)
  for (const name of names) {
    const place = `/proc/self/fd/${at.fd}/${name}`
    await mkdir(place)
    const next = await open(place)
    await at.close()
    at = next
  }
  await writeFile(`/proc/self/fd/${at.fd}/file`, 'deep')
  await at.close()
  const source = await openSource(t, folder)
  const path = names.join('/')
  t.deepEqual(
    (await source.list(path)).names.map(({ name }) => name),
    ['file'],
  )
  const { inode } = await source.attributes(`${path}/file`)
  const { bytes } = await source.read(`${path}/file`, { inode, from: 0, length: 9 })
  t.is(Buffer.from(bytes).toString(), 'deep')
})

test('a root given through a symbolic link is followed once and kept', async (t) => {
  const folder = await makeFolder(t)
  await mkdir(join(folder, 'real'))
  await writeFile(join(folder, 'real/file'), 'real')
  await symlink('real', join(folder, 'link'))
  const source = await openSource(t, join(folder, 'link'))
  await rename(join(folder, 'real'), join(folder, 'moved'))
  await mkdir(join(folder, 'moved/sub'))
  t.is((await source.list('sub')).names.length, 0)
  t.is((await source.list('')).names.length, 2)
})

test('a root that is not there, or no directory, says so', async (t) => {
  const folder = await makeFolder(t)
  await writeFile(join(folder, 'file'), '')
  await failsWith(t, 'ENOENT', openSource(t, join(folder, 'absent')))
  await failsWith(t, 'ENOTDIR', openSource(t, join(folder, 'file')))
})

test('a file replaced under its name is ESTALE for the old inode, and read for the new', async (t) => {
  const folder = await makeFolder(t)
  await mkdir(join(folder, 'd'))
  await writeFile(join(folder, 'd/file'), 'old, and long enough to be kept open')
  const source = await openSource(t, folder)
  const old = await source.attributes('d/file')
  const read = async (inode: string) => source.read('d/file', { inode, from: 0, length: 3 })
  t.is(Buffer.from((await read(old.inode)).bytes).toString(), 'old')
  await writeFile(join(folder, 'd/next'), 'new')
  await rename(join(folder, 'd/next'), join(folder, 'd/file'))
  const next = await source.attributes('d/file')
  t.is(Buffer.from((await read(next.inode)).bytes).toString(), 'new')
  await failsWith(t, 'ESTALE', read(old.inode))
})

test('a directory replaced a moment ago is not taken for the one kept open', async (t) => {
  const folder = await makeFolder(t)
  await mkdir(join(folder, 'a/b'), { recursive: true })
  const source = await openSource(t, folder)
  await source.list('a/b')
  await source.list('a')
  await rename(join(folder, 'a'), join(folder, 'gone'))
  await mkdir(join(folder, 'a/c'), { recursive: true })
  await writeFile(join(folder, 'a/file'), 'new')
  t.is((await source.list('a/c')).names.length, 0)
  t.deepEqual((await source.list('a')).entries.map(({ name }) => name).toSorted(), ['c', 'file'])
  const { inode } = await source.attributes('a/file')
  t.is((await source.read('a/file', { inode, from: 0, length: 9 })).bytes.length, 3)
  await failsWith(t, 'ENOENT', source.list('a/b'))
})

test('a change of a file is seen by the very next read, kept open or not', async (t) => {
  const folder = await makeFolder(t)
  const path = join(folder, 'file')
  await writeFile(path, 'x'.repeat(100))
  const source = await openSource(t, folder)
  const { inode } = await source.attributes('file')
  const read = (from: number) => source.read('file', { inode, from, length: 50 })
  t.is((await read(50)).attributes.size, 100)
  await appendFile(path, 'y'.repeat(20))
  const grown = await read(100)
  t.is(grown.attributes.size, 120)
  t.is(grown.bytes.length, 20)
  await truncate(path, 60)
  t.is((await read(50)).bytes.length, 10)
  t.is((await read(100)).bytes.length, 0)
})

test('a deleted directory or file does not come back', async (t) => {
  const folder = await makeFolder(t)
  await mkdir(join(folder, 'd'))
  await writeFile(join(folder, 'd/file'), 'x'.repeat(10))
  const source = await openSource(t, folder)
  await source.list('d')
  await rm(join(folder, 'd'), { recursive: true })
  await failsWith(t, 'ENOENT', source.list('d'))
  await failsWith(t, 'ENOENT', source.attributes('d/file'))
})

test('sparse files read as zeros, beyond 4 GiB too', async (t) => {
  const folder = await makeFolder(t)
  const file = await open(join(folder, 'sparse'), 'w')
  await file.write(Buffer.from('end'), 0, 3, 5 * 2 ** 30)
  await file.close()
  const source = await openSource(t, folder)
  const { inode, size, blocks } = await source.attributes('sparse')
  t.is(size, 5 * 2 ** 30 + 3)
  t.true(blocks * 512 < size)
  const range = { inode, from: 5 * 2 ** 30 - 5, length: 1_000 }
  const { bytes } = await source.read('sparse', range)
  t.is(Buffer.from(bytes).toString(), '\0\0\0\0\0end')
})

test('pipes and links are listed and never opened', async (t) => {
  const folder = await makeFolder(t)
  execFileSync('mkfifo', [join(folder, 'pipe')])
  await symlink('/etc/passwd', join(folder, 'link'))
  const source = await openSource(t, folder)
  const { entries } = await source.list('')
  const types = entries.map(({ name, attributes, target }) => [name, attributes.type, target])
  t.deepEqual(new Set(types.map(String)), new Set(['link,symlink,/etc/passwd', 'pipe,fifo,']))
  const { inode } = await source.attributes('pipe')
  await failsWith(t, 'EINVAL', source.read('pipe', { inode, from: 0, length: 1 }))
})

test('a read of more than the largest block, or from nowhere, is refused', async (t) => {
  const source = await openSource(t, await makeFolder(t))
  const bad = [
    [0, 4 * 1024 * 1024 + 1],
    [-1, 1],
    [0.5, 1],
    [0, Number.NaN],
    [0, -1],
  ] as const
  for (const [from, length] of bad) {
    await failsWith(t, 'EINVAL', source.read('file', { inode: '1', from, length }))
  }
})

test('each thing asked for costs the storage one call of its kind', async (t) => {
  const folder = await makeFolder(t)
  await mkdir(join(folder, 'a/b'), { recursive: true })
  await writeFile(join(folder, 'a/b/file'), Buffer.alloc(1_000))
  const source = await openSource(t, folder)
  const before = source.counts()
  await source.list('a/b')
  const listed = source.counts()
  t.is(listed.readdir - before.readdir, 1)
  t.is(listed.lstat - before.lstat, 1)
  t.is(listed.lookup - before.lookup, 2)
  t.is(listed.open - before.open, 0)
  const { inode } = await source.attributes('a/b/file')
  const ranges = [0, 250, 500, 750].map((from) => ({ inode, from, length: 250 }))
  await Promise.all(ranges.map((range) => source.read('a/b/file', range)))
  const read = source.counts()
  t.is(read.open - listed.open, 1)
  t.is(read.lookup - listed.lookup, 0)
  t.is(read.read - listed.read, 4)
  t.is(read.bytes - before.bytes, 1_000)
})

test('at most so many descriptors are open as were allowed', async (t) => {
  const folder = await makeFolder(t)
  const names = Array.from({ length: 40 }, (_, index) => `d${index}`)
  for (const name of names) {
    await mkdir(join(folder, name))
    await writeFile(join(folder, name, 'file'), 'x'.repeat(100))
  }
  const source = await openSource(t, folder, { descriptors: 3, concurrency: 8 })
  let most = 0
  const readAll = names.map(async (name) => {
    const { inode } = await source.attributes(`${name}/file`)
    await source.read(`${name}/file`, { inode, from: 0, length: 50 })
    await source.list(name)
    most = Math.max(most, source.counts().openDescriptors)
  })
  await Promise.all(readAll)
  // So many directories, so many files, and the root.
  t.true(most <= 7, `${most}`)
  await source.close()
  t.is(source.counts().openDescriptors, 1)
})

const rootTest = testUnless(notRoot())

rootTest('below a mount point, inodes are told apart by where it is', async (t) => {
  const folder = await makeFolder(t)
  await mkdir(join(folder, 'a/mounted'), { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(folder, 'a/mounted')])
  t.teardown(() => execFileSync('umount', ['--lazy', join(folder, 'a/mounted')]))
  await mkdir(join(folder, 'a/mounted/deep'))
  await writeFile(join(folder, 'a/mounted/deep/file'), 'x')
  const source = await openSource(t, folder)
  const inodeOf = async (path: string): Promise<string> => (await source.attributes(path)).inode
  t.regex(await inodeOf('a'), /^\d+$/)
  t.regex(await inodeOf('a/mounted'), /^\d+@a\/mounted$/)
  const inode = await inodeOf('a/mounted/deep/file')
  t.regex(inode, /^\d+@a\/mounted$/)
  const above = await source.list('a')
  t.is(above.entries[0]?.attributes.inode, await inodeOf('a/mounted'))
  const within = await source.list('a/mounted/deep')
  t.is(within.self.inode, await inodeOf('a/mounted/deep'))
  t.is(within.entries[0]?.attributes.inode, inode)
  t.is((await source.read('a/mounted/deep/file', { inode, from: 0, length: 1 })).bytes.length, 1)
})

rootTest('what is mounted over the root later does not hide it', async (t) => {
  const folder = await makeFolder(t)
  await mkdir(join(folder, 'sub'))
  await writeFile(join(folder, 'sub/file'), 'beneath')
  const source = await openSource(t, folder)
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder])
  t.teardown(() => execFileSync('umount', ['--lazy', folder]))
  t.is((await source.list('')).names.length, 1)
  t.is((await source.list('sub')).names.length, 1)
  const { inode } = await source.attributes('sub/file')
  const { bytes } = await source.read('sub/file', { inode, from: 0, length: 100 })
  t.is(Buffer.from(bytes).toString(), 'beneath')
})

rootTest.serial('what may not be read is EACCES', async (t) => {
  const folder = await makeFolder(t)
  await mkdir(join(folder, 'closed'), { mode: 0o700 })
  await writeFile(join(folder, 'secret'), 'secret', { mode: 0o600 })
  execFileSync('chmod', ['755', folder])
  const source = await openSource(t, folder)
  const { inode } = await source.attributes('secret')
  // For the kernel's checks, every thread of this process is somebody else meanwhile.
  process.seteuid?.(65_534)
  try {
    await failsWith(t, 'EACCES', source.list('closed'))
    await failsWith(t, 'EACCES', source.read('secret', { inode, from: 0, length: 1 }))
    await failsWith(t, 'EACCES', source.attributes('closed/x'))
  } finally {
    process.seteuid?.(0)
  }
})
