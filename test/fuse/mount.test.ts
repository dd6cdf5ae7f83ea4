import { createHash, randomBytes } from 'node:crypto'
import type { Mount } from '../../fuse/driver.ts'
import { noProgram } from '../reasons.ts'
import { testUnless } from '../skip.ts'
import { MemoryVolume, type Tree } from './memory-volume.ts'
import { cannotMount, isKept, mountTree, run, runFailing, runScript, told } from './real-mount.ts'

// One at a time: each starts programs, which have but two cores.
const fuseTest = testUnless(cannotMount).serial
const pythonTest = testUnless(cannotMount, noProgram('python3')).serial

const tree: Tree = {
  hello: { file: 'hello world\n' },
  empty: { file: '' },
  link: { link: 'hello' },
  folder: { directory: { inner: { file: 'in a folder' } } },
}

fuseTest('A mounted tree is listed, read and followed', async (t) => {
  const { at, path } = await mountTree(t, tree)
  t.is(await run('ls', path), 'empty\nfolder\nhello\nlink\n')
  t.is(await run('cat', at('hello')), 'hello world\n')
  t.is(await run('cat', at('empty')), '')
  t.is(await run('cat', at('link')), 'hello world\n')
  t.is(await run('readlink', at('link')), 'hello\n')
  t.is(await run('cat', at('folder/inner')), 'in a folder')
})

fuseTest('stat shows what the volume says, times to the nanosecond', async (t) => {
  const { at } = await mountTree(t, tree)
  t.is(
    await run('stat', '-c', '%s %f %h %u %g %i %.9Y %.9Z %b %F', at('hello')),
    '12 81a4 1 0 0 1002 1700000001.123456789 1700000002.999999999 1 regular file\n',
  )
  t.is(
    await run('stat', '-f', '-c', '%S %b %f %a %c %d %l', at('hello')),
    '4096 1000 600 500 100 50 255\n',
  )
})

fuseTest('An absent name is asked for once', async (t) => {
  const { at, volume } = await mountTree(t, tree)
  const again = async () => t.regex(await runFailing('cat', at('nothing')), /No such file/)
  await again()
  t.true(await isKept(() => volume.calls.get('lookup'), again))
})

fuseTest('A path that is hot costs no request but for the opens', async (t) => {
  const { at, mount } = await mountTree(t, tree)
  const script = `
    const { readFileSync, statSync } = require('node:fs')
    for (let i = 0; i < 100; i++) { statSync(process.argv[1]); readFileSync(process.argv[1]) }`
  const again = () => runScript(script, at('folder/inner'))
  const requests = () => requestsOf(mount, /open|release/)
  await again()
  t.true(await isKept(requests, again))
})

/** How many requests a mount has had but for some. */
function requestsOf(mount: Mount, except: RegExp): number {
  const counts = Object.entries(mount.counters()).filter(
    ([name]) => /^fuse_[a-z]+_total$/.test(name) && !except.test(name),
  )
  return counts.reduce((sum, [, count]) => sum + count, 0)
}

fuseTest('A directory of 5,000 entries is listed whole, and once', async (t) => {
  const names = Array.from({ length: 5000 }, (_, index) => `entry-${index}`)
  const large = Object.fromEntries(names.map((name) => [name, { file: name }]))
  const { at, volume } = await mountTree(t, { large: { directory: large } })
  const listed = (await run('ls', '-U', at('large'))).trimEnd().split('\n')
  t.deepEqual(listed.toSorted(), names.toSorted())
  const again = async () => t.is((await run('ls', '-l', at('large'))).split('\n').length, 5002)
  t.true(await isKept(() => volume.calls.get('readdir'), again), 'the kernel keeps the listing')
})

fuseTest('Names that are not UTF-8, or as long as names can be, survive', async (t) => {
  const names = ['\xff\xfe latin \xe9', 'x'.repeat(255), ' a b\n', '\u00c3\u00a9']
  const { path } = await mountTree(
    t,
    Object.fromEntries(names.map((name) => [name, { file: name }])),
  )
  const script = `
    const { readdirSync, readFileSync, lstatSync } = require('node:fs')
    const root = Buffer.from(process.argv[1] + '/')
    const names = readdirSync(process.argv[1], { encoding: 'buffer' })
    const read = names.map((name) => [name.toString('latin1'),
      readFileSync(Buffer.concat([root, name])).length,
      lstatSync(Buffer.concat([root, name])).size])
    console.log(JSON.stringify(read))`
  const output = Buffer.from(await runScript(script, path), 'latin1').toString('utf8')
  const read = JSON.parse(output) as [string, number, number][]
  t.deepEqual(read.map(([name]) => name).toSorted(), names.toSorted())
})

fuseTest('64 MiB arrive byte for byte, in reads of 1 MiB', async (t) => {
  const content = randomBytes(64 << 20)
  const volume = new MemoryVolume({ large: { file: content } })
  const read = volume.read.bind(volume)
  const lengths: number[] = []
  volume.read = (handle, range, options) => {
    lengths.push(range.length)
    return read(handle, range, options)
  }
  const { at } = await mountTree(t, volume)
  const expected = createHash('sha256').update(content).digest('hex')
  const again = async () => t.is((await run('sha256sum', at('large'))).slice(0, 64), expected)
  await again()
  const large = lengths.filter((length) => length === 1 << 20).length
  t.true(large >= 60, `${large} of ${lengths.length} reads`)
  const bytesRead = () => lengths.reduce((sum, length) => sum + length, 0)
  t.true(await isKept(bytesRead, again, 4 << 20), 'it stays in the page cache')
})

fuseTest('A read across the end, or at an odd offset, is exact', async (t) => {
  const content = Buffer.from(Array.from({ length: 300_001 }, (_, index) => index % 251))
  const { at } = await mountTree(t, { odd: { file: content } })
  const script = `
    const { openSync, readSync } = require('node:fs')
    const fd = openSync(process.argv[1]), buffer = Buffer.alloc(5000)
    console.log(readSync(fd, buffer, 0, 5000, 299001), buffer[0], readSync(fd, buffer, 0, 9, 400000),
      readSync(fd, buffer, 0, 5000, 4099), buffer[4999])`
  t.is(await runScript(script, at('odd')), `1000 ${299_001 % 251} 0 5000 ${(4099 + 4999) % 251}\n`)
})

pythonTest('Data ends where the file does, as lseek tells', async (t) => {
  const { at } = await mountTree(t, tree)
  const script = `
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
print(os.lseek(fd, 3, os.SEEK_DATA), os.lseek(fd, 0, os.SEEK_HOLE))`
  t.is(await run('python3', '-c', script, at('hello')), '3 12\n')
})

pythonTest('Extended attributes are listed and read', async (t) => {
  const volume = new MemoryVolume(tree)
  volume.find('hello').xattrs.set('user.colour', Buffer.from('blue'))
  const { at } = await mountTree(t, volume)
  const script = `
import os, sys
print(os.listxattr(sys.argv[1]), os.getxattr(sys.argv[1], 'user.colour'))`
  t.is(await run('python3', '-c', script, at('hello')), "['user.colour'] b'blue'\n")
})

fuseTest('Every change is refused: read-only file system', async (t) => {
  const { at, path } = await mountTree(t, tree)
  const readOnly = /Read-only file system/
  t.regex(await runFailing('touch', at('new')), readOnly)
  t.regex(await runFailing('mkdir', at('new')), readOnly)
  t.regex(await runFailing('rm', '-f', at('hello')), readOnly)
  t.regex(await runFailing('mv', at('hello'), at('other')), readOnly)
  t.regex(await runFailing('ln', '-s', 'x', at('other')), readOnly)
  t.regex(await runFailing('chmod', '600', at('hello')), readOnly)
  t.regex(await runFailing('truncate', '-s', '0', at('hello')), readOnly)
  t.regex(await runFailing('sh', '-c', `echo x >> ${path}/hello`), readOnly)
})

fuseTest('What the volume fails with reaches the program', async (t) => {
  const { at, volume } = await mountTree(t, tree)
  volume.before = (operation) => {
    if (operation === 'read') throw new Error('the storage is broken')
  }
  t.regex(await runFailing('cat', at('hello')), /Input\/output error/)
  volume.before = () => undefined
  t.is(await run('cat', at('hello')), 'hello world\n')
})

pythonTest('What has the same answer always is not asked of the volume', async (t) => {
  const { at, mount, volume } = await mountTree(t, tree, { zeroMessageOpens: true })
  const script = `
import os, sys
print(open(sys.argv[1]).isatty(), os.listdir(os.path.dirname(sys.argv[1])))
try: os.getxattr(sys.argv[1], 'system.nfs4_acl')
except OSError as error: print(error.strerror)`
  const options = ['-c', script, at('folder/inner')]
  t.is(await run('python3', ...options), "False ['inner']\nOperation not supported\n")
  const counters = mount.counters()
  t.true((counters['fuse_ioctl_total'] ?? 0) > 0)
  t.is(counters['fuse_getxattr_total'], 1)
  t.is(volume.calls.get('getxattr'), undefined)
  t.is(counters['fuse_opendir_total'], 1, 'the one that is told ENOSYS')
})

fuseTest('Names that are listed are looked up with it', async (t) => {
  const names = Array.from({ length: 3000 }, (_, index) => `entry-${index}`)
  const large = Object.fromEntries(names.map((name) => [name, { file: name }]))
  const { at, mount } = await mountTree(t, { large: { directory: large } })
  await run('find', at('large'), '-size', '+1')
  const lookups = mount.counters()['fuse_lookup_total'] ?? 0
  t.true(lookups < names.length / 10, `${lookups} lookups`)
})

fuseTest('With zero-message opens a hot open, read and close costs nothing', async (t) => {
  const { at, mount, volume } = await mountTree(t, tree, { zeroMessageOpens: true })
  const script = `
    const { readFileSync } = require('node:fs')
    for (let i = 0; i < 100; i++) console.log(readFileSync(process.argv[1], 'utf8'))`
  const again = async () =>
    t.is(await runScript(script, at('folder/inner')), 'in a folder\n'.repeat(100))
  await again()
  t.true(await isKept(() => requestsOf(mount, /^$/), again))
  const counters = mount.counters()
  t.is(counters['fuse_open_total'], 1, 'the one that is told ENOSYS')
  t.is(counters['fuse_release_total'] ?? 0, 0)
  const inode = volume.find('folder', 'inner')
  volume.write(inode, 'something else')
  volume.invalidate({ type: 'inode', nodeid: inode.number, data: true })
  await told({ mount })
  t.is(await run('cat', at('folder/inner')), 'something else')
})
