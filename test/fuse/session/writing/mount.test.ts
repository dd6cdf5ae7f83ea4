import { PosixVolume } from '../../../posix/posix-volume.ts'
import { noProgram } from '../../../reasons.ts'
import { testUnless } from '../../../skip.ts'
import { until } from '../../../until.ts'
import { cannotMount, mount, runPython } from '../../real-mount.ts'

// One at a time: each starts programs, which have but two cores.
const fuseTest = testUnless(cannotMount, noProgram('python3')).serial

fuseTest('A file is made, written, read back, cut and removed', async (t) => {
  const { path, volume } = await mount(t, new PosixVolume())
  const script = `
put(p('file'), b'hello')
print(get(p('file')), os.stat(p('file')).st_size, oct(os.stat(p('file')).st_mode))
with open(p('file'), 'r+b') as f:
    f.seek(3); f.write(b'p me'); f.flush()
    f.seek(0); print(f.read())
    f.truncate(2); f.seek(0); print(f.read(), os.fstat(f.fileno()).st_size)
    f.truncate(6); f.seek(0); print(f.read())
with open(p('file'), 'ab') as f: f.write(b'end')
print(get(p('file')))
put(p('file'), b'new')
print(get(p('file')), os.listdir(at))
print(errno_of(os.open, p('file'), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
os.unlink(p('file'))
print(os.listdir(at), errno_of(os.stat, p('file')), errno_of(os.unlink, p('file')))`
  t.is(
    await runPython(script, path),
    "b'hello' 5 0o100644\nb'help me'\nb'he' 2\nb'he\\x00\\x00\\x00\\x00'\n" +
      "b'he\\x00\\x00\\x00\\x00end'\nb'new' ['file']\nEEXIST\n[] ENOENT ENOENT\n",
  )
  await until(() => volume.openHandles === 0)
})

fuseTest('Names are made, linked, moved and exchanged', async (t) => {
  const { path } = await mount(t, new PosixVolume())
  const script = `
os.mkdir(p('d')); os.mkdir(p('d', 'e')); put(p('d', 'f'), b'f')
os.symlink('d/f', p('l')); os.link(p('d', 'f'), p('g'))
print(os.readlink(p('l')), get(p('l')), os.stat(p('g')).st_nlink, os.stat(p('d')).st_nlink)
print(errno_of(os.mkdir, p('d')), errno_of(os.rmdir, p('d')), errno_of(os.rmdir, p('g')))
print(errno_of(os.unlink, p('d')), errno_of(os.link, p('d'), p('x')))
put(p('h'), b'h')
print(errno_of(renameat2, p('g'), p('h'), 1), get(p('h')))
renameat2(p('g'), p('h'), 2)
print(get(p('g')), get(p('h')))
os.rename(p('g'), p('h'))
print(get(p('h')), os.path.exists(p('g')), os.stat(p('d', 'f')).st_nlink)
os.rename(p('d', 'e'), p('moved'))
print(sorted(os.listdir(at)), os.listdir(p('d')), os.stat(p('d')).st_nlink)
print(errno_of(os.rename, p('d'), p('d', 'x')), errno_of(os.rename, p('moved'), p('h')))
print(errno_of(os.rename, p('h'), p('moved')), errno_of(os.rename, p('moved'), p('d')))
os.mkfifo(p('pipe')); os.mknod(p('node'), 0o600 | stat.S_IFCHR, os.makedev(1, 3))
print(oct(os.stat(p('pipe')).st_mode), os.stat(p('node')).st_rdev == os.makedev(1, 3))
os.rmdir(p('moved'))
print(errno_of(os.mkdir, p('x' * 256)), errno_of(os.mkdir, p('moved', 'x')))`
  t.is(
    await runPython(script, path),
    `d/f b'f' 2 3\nEEXIST ENOTEMPTY ENOTDIR\nEISDIR EPERM\nEEXIST b'h'\nb'h' b'f'\n` +
      `b'h' False 1\n['d', 'h', 'l', 'moved'] ['f'] 2\nEINVAL ENOTDIR\nEISDIR ENOTEMPTY\n` +
      `0o10644 True\nENAMETOOLONG ENOENT\n`,
  )
})

fuseTest('What is unlinked lives on for those who have it open, and then is gone', async (t) => {
  const { path, volume } = await mount(t, new PosixVolume())
  const script = `
fd = os.open(p('f'), os.O_CREAT | os.O_RDWR)
os.unlink(p('f'))
os.write(fd, b'still here')
os.fchmod(fd, 0o600); os.ftruncate(fd, 5)
print(os.pread(fd, 100, 0), os.fstat(fd).st_nlink, os.fstat(fd).st_size, os.listdir(at))
put(p('f'), b'another')
print(os.pread(fd, 100, 0), get(p('f')))
os.close(fd)
fd = os.open(at, os.O_TMPFILE | os.O_RDWR, 0o640)
os.write(fd, b'unnamed')
print(os.fstat(fd).st_nlink, oct(os.fstat(fd).st_mode), os.listdir(at))
checked(libc.linkat(-100, b'/proc/self/fd/%d' % fd, -100, p('named').encode(), 0x400))
print(os.fstat(fd).st_nlink, get(p('named')), sorted(os.listdir(at)))
os.close(fd)
os.unlink(p('named')); os.unlink(p('f'))
os.mkdir(p('d')); os.chdir(p('d')); os.rmdir(p('d'))
print(os.listdir('.'), errno_of(open, 'x', 'w'))`
  t.is(
    await runPython(script, path),
    "b'still' 0 5 []\nb'still' b'another'\n0 0o100640 ['f']\n1 b'unnamed' ['f', 'named']\n" +
      '[] ENOENT\n',
  )
  await until(() => volume.openHandles === 0)
})

fuseTest('Mapped memory and written bytes are one file', async (t) => {
  const { path, volume } = await mount(t, new PosixVolume())
  const script = `
size = 5 * 1024 * 1024 + 123
fd = os.open(p('f'), os.O_CREAT | os.O_RDWR)
os.ftruncate(fd, size)
m = mmap.mmap(fd, size)
m[0:5] = b'first'; m[size - 4:size] = b'last'; m[3 << 20:(3 << 20) + 3] = b'mid'
print(os.pread(fd, 5, 0), os.pread(fd, 10, size - 4), os.pread(fd, 3, 3 << 20))
os.pwrite(fd, b'other', 1 << 20)
print(m[1 << 20:(1 << 20) + 5])
m.flush(); os.fsync(fd); m.close(); os.close(fd)
private = mmap.mmap(os.open(p('f'), os.O_RDONLY), size, flags=mmap.MAP_PRIVATE)
private[0:5] = b'mine!'
print(get(p('f'))[:5], os.stat(p('f')).st_size)`
  t.is(await runPython(script, path), "b'first' b'last' b'mid'\nb'other'\nb'first' 5243003\n")
  t.is(Buffer.concat(volume.at('f').content.read(3 << 20, 3)).toString(), 'mid')
})

fuseTest('Holes are punched, found and filled; ranges are copied', async (t) => {
  const { path } = await mount(t, new PosixVolume())
  const script = `
K = 65536
fd = os.open(p('f'), os.O_CREAT | os.O_RDWR)
os.pwrite(fd, b'x' * (4 * K), 0)
fallocate(fd, 3, K, K)
print(os.pread(fd, 2, K - 1), os.pread(fd, 2, 2 * K - 1), os.fstat(fd).st_size == 4 * K)
print(os.lseek(fd, 0, os.SEEK_HOLE) // K, os.lseek(fd, K, os.SEEK_DATA) // K, os.lseek(fd, 2 * K, os.SEEK_HOLE) // K)
print(errno_of(os.lseek, fd, 4 * K, os.SEEK_DATA))
fallocate(fd, 1, 8 * K, K); print(os.fstat(fd).st_size // K)
os.posix_fallocate(fd, 0, 5 * K); print(os.fstat(fd).st_size // K)
fallocate(fd, 16, 0, 3); print(os.pread(fd, 5, 0))
print(errno_of(fallocate, fd, 8, 0, K), errno_of(fallocate, fd, 0, 0, 0))
other = os.open(p('g'), os.O_CREAT | os.O_RDWR)
print(os.copy_file_range(fd, other, 10, 0, 5), os.pread(other, 100, 0))
os.pwrite(other, b'0123456789', 5)
print(os.copy_file_range(other, other, 3, 8, 0), os.pread(other, 100, 0))`
  t.is(
    await runPython(script, path),
    "b'x\\x00' b'\\x00x' True\n1 2 4\nENXIO\n4\n5\nb'\\x00\\x00\\x00xx'\nENOTSUP EINVAL\n" +
      `10 b'${'\\x00'.repeat(8)}xxxxxxx'\n3 b'345\\x00\\x000123456789'\n`,
  )
})

fuseTest('Appends of several programs are all there', async (t) => {
  const { path } = await mount(t, new PosixVolume())
  const script = `
if len(sys.argv) > 2:
    fd = os.open(p('log'), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for i in range(200): os.write(fd, b'%s %03d\\n' % (sys.argv[2].encode(), i))
    sys.exit()
programs = [subprocess.Popen([sys.executable, '-c', SCRIPT, at, name]) for name in 'ab']
print([program.wait() for program in programs])
lines = get(p('log')).split()
print(len(lines), os.stat(p('log')).st_size)
print([int(n) for w, n in zip(lines[::2], lines[1::2]) if w == b'a'] == list(range(200)))
fd = os.open(p('log'), os.O_RDWR)
fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND)
os.write(fd, b'end'); print(os.pread(fd, 10, 2396))`
  t.is(
    await runPython(script, path),
    "[0, 0]\n800 2400\nTrue\nb'999\\nend'\n".replace('999', '199'),
  )
})

fuseTest('An append goes behind what another node has appended', async (t) => {
  const { path, volume } = await mount(t, new PosixVolume())
  await runPython(`put(p('log'), b'mine.'); print(get(p('log')))`, path)
  const inode = volume.at('log')
  // Nobody has told this node of it yet.
  volume.tree.write(inode, 5, Buffer.from('theirs.'))
  const script = `
fd = os.open(p('log'), os.O_WRONLY | os.O_APPEND)
os.write(fd, b'mine again.')
os.close(fd)`
  await runPython(script, path)
  t.is(Buffer.concat(inode.content.read(0, 100)).toString(), 'mine.theirs.mine again.')
  t.is(await runPython(`print(get(p('log')))`, path), "b'mine.theirs.mine again.'\n")
})
