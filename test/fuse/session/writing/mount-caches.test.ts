import { PosixVolume } from '../../../posix/posix-volume.ts'
import { noProgram } from '../../../reasons.ts'
import { testUnless } from '../../../skip.ts'
import { cannotMount, isKept, mount, runPython, told } from '../../real-mount.ts'

// One at a time: each starts programs, which have but two cores.
const fuseTest = testUnless(cannotMount, noProgram('python3')).serial

fuseTest('Pages that were written here stay, whatever is asked of the file', async (t) => {
  const { at, mount: mounted } = await mount(t, new PosixVolume())
  const script = `
os.mkdir(at)
put(p('f'), bytes(range(256)) * 8192)
os.stat(p('f')); os.listdir(at); os.rename(p('f'), p('g')); os.link(p('g'), p('h')); os.chmod(p('g'), 0o600)
with open(p('g'), 'ab') as f: f.write(b'and more')
os.stat(p('h'))
content = get(p('h'))
print(len(content), content == bytes(range(256)) * 8192 + b'and more')`
  let times = 0
  const writeAndRead = async () => t.is(await runPython(script, at(`${++times}`)), '2097160 True\n')
  const reads = () => mounted.counters()['fuse_read_total']
  t.true(await isKept(reads, writeAndRead, 1), 'but for the page that was appended to')
  t.is(mounted.counters()['fuse_invalidations_total'], 0)
})

fuseTest('A write of 1 MiB is one request', async (t) => {
  const { path, mount: mounted } = await mount(t, new PosixVolume())
  await runPython(`put(p('f'), b'x' * (4 << 20))`, path)
  const writes = mounted.counters()['fuse_write_total'] ?? 0
  t.true(writes >= 4 && writes <= 5, `${writes} writes`)
})

fuseTest(
  'What this mount has changed itself it is not told; another asker’s change it is',
  async (t) => {
    const { path, volume, mount: mounted } = await mount(t, new PosixVolume())
    volume.before = (operation, options) => {
      if (operation !== 'write' || !('asker' in options)) return
      const { asker } = options as { asker: object }
      volume.tell({ type: 'inode', nodeid: volume.at('f').number, data: true, asker })
    }
    await runPython(`put(p('f'), b'mine'); print(get(p('f')))`, path)
    t.is(mounted.counters()['fuse_invalidations_total'], 0)
    volume.tree.write(volume.at('f'), 0, Buffer.from('theirs, longer'))
    volume.tell({ type: 'inode', nodeid: volume.at('f').number, data: true, asker: {} })
    await told({ mount: mounted })
    t.is(
      await runPython(`print(get(p('f')), os.stat(p('f')).st_size)`, path),
      "b'theirs, longer' 14\n",
    )
  },
)

fuseTest(
  'A directory is emptied while it is listed: each name once, and none is left',
  async (t) => {
    const { path } = await mount(t, new PosixVolume())
    const script = `
for i in range(3000): os.close(os.open(p('file-%d' % i), os.O_CREAT))
seen = []
for entry in os.scandir(at):
    seen.append(entry.name); os.unlink(entry.path)
    put(p('new'), b''); os.rename(p('new'), p('newer'))
print(len(seen) - seen.count('newer') - seen.count('new'), len(set(seen)) == len(seen), os.listdir(at))`
    t.is(await runPython(script, path), "3000 True ['newer']\n")
  },
)

fuseTest('A listing can be gone back in while the directory changes', async (t) => {
  const { path } = await mount(t, new PosixVolume())
  const script = `
libc.opendir.restype = ctypes.c_void_p
libc.readdir.restype = ctypes.POINTER(ctypes.c_char * 280)
for name in ('readdir', 'telldir', 'seekdir', 'rewinddir', 'closedir'):
    getattr(libc, name).argtypes = [ctypes.c_void_p] + ([ctypes.c_long] if name == 'seekdir' else [])
libc.telldir.restype = ctypes.c_long
def names(d, count=-1):
    while count != 0:
        e = libc.readdir(d)
        if not e: return
        yield e.contents.raw[19:].split(b'\\0')[0].decode()
        count -= 1
os.mkdir(p('d'))
def touch(i): os.close(os.open(p('d', 'f%d' % i), os.O_CREAT))
for i in range(2000): touch(i)
d = libc.opendir(p('d').encode())
first = list(names(d, 500)); place = libc.telldir(d); rest = list(names(d))
for i in range(2000, 2100): touch(i)
os.listdir(p('d'))
for i in range(0, 2000, 2): os.unlink(p('d', 'f%d' % i))
os.listdir(p('d'))
libc.seekdir(d, place)
again = list(names(d))
stay = set('f%d' % i for i in range(1, 2000, 2))
both = first + again
print(len(set(both)) == len(both), stay <= set(both), [n for n in rest if n in stay] == [n for n in again if n in stay])
libc.rewinddir(d)
now = list(names(d))
print(len(now), len(set(now)), stay <= set(now), 'f0' in now, 'f2050' in now)
libc.closedir(d)`
  t.is(await runPython(script, path), 'True True True\n1102 1102 True False True\n')
})

fuseTest('Direct reads and writes pass by the pages, which see them', async (t) => {
  const { path } = await mount(t, new PosixVolume())
  const script = `
put(p('f'), b'a' * 16384); get(p('f'))
fd = os.open(p('f'), os.O_RDWR | os.O_DIRECT)
m = mmap.mmap(-1, 4096); m.write(b'b' * 4096)
print(os.pwrite(fd, m, 4096))
print(get(p('f'))[4094:4098], get(p('f'))[8190:8194], os.preadv(fd, [m], 0), m[:3])`
  t.is(await runPython(script, path), "4096\nb'aabb' b'bbaa' 4096 b'aaa'\n")
})

fuseTest('Written back late is written all the same', async (t) => {
  const { path, volume, mount: mounted } = await mount(t, new PosixVolume(), { write: 'back' })
  const script = `
with open(p('f'), 'wb') as f:
    for i in range(4096): f.write(b'%015d\\n' % i); f.flush()
    os.fsync(f.fileno())
    print(os.fstat(f.fileno()).st_size)
put(p('g'), b'not synced'); print(get(p('g')))
with open(p('g'), 'ab') as f: f.write(b', appended')
os.utime(p('g'), ns=(1, 2)); print(os.stat(p('g')).st_mtime_ns)`
  t.is(await runPython(script, path), "65536\nb'not synced'\n2\n")
  t.true(
    (mounted.counters()['fuse_write_total'] ?? 0) < 100,
    'many small writes are few large ones',
  )
  const content = (name: string) =>
    Buffer.concat(volume.at(name).content.read(0, 1 << 20)).toString()
  t.is(content('f').split('\n').length, 4097)
  t.is(content('g'), 'not synced, appended')
})

fuseTest('A mount that goes gives back all that the kernel held', async (t) => {
  const { path, volume, mount: mounted } = await mount(t, new PosixVolume())
  await runPython(
    `put(p('f'), b'x'); os.mkdir(p('d')); os.link(p('f'), p('d', 'g')); os.listdir(p('d')); put(p('e'), b'')`,
    path,
  )
  await mounted.unmount()
  t.is(volume.openHandles, 0)
  t.deepEqual(
    [...volume.references.values()].filter((count) => count !== 0),
    [],
  )
})

fuseTest('A file that grows elsewhere never reads as zeros between its ends', async (t) => {
  const { path, volume } = await mount(t, new PosixVolume())
  volume.validMs = 1
  await runPython(`put(p('f'), b'x' * 50)`, path)
  const inode = volume.at('f')
  const growing = setInterval(() => {
    if (inode.content.size > 1 << 20) volume.tree.setattr(inode, { size: 50 })
    volume.tree.write(inode, inode.content.size, Buffer.alloc(50, 'x'))
    volume.tell({ type: 'inode', nodeid: inode.number, data: true })
  }, 1)
  t.teardown(() => clearInterval(growing))
  const script = `
fd = os.open(p('f'), os.O_RDONLY)
zeros, sizes = 0, set()
while len(sizes) < 300:
    size = os.fstat(fd).st_size
    content = os.pread(fd, size, 0)
    sizes.add(size); zeros += b'\\0' in content
print(zeros)`
  t.is(await runPython(script, path), '0\n')
})
