import { PosixVolume } from '../../../posix/posix-volume.ts'
import { noProgram } from '../../../reasons.ts'
import { testUnless } from '../../../skip.ts'
import { cannotMount, mount, runPython } from '../../real-mount.ts'

// One at a time: each starts programs, which have but two cores.
const fuseTest = testUnless(cannotMount, noProgram('python3')).serial

/** What a program of another user, in these groups, prints. */
const AS_USER = `
def as_user(code, uid=1234, gid=1234, groups=()):
    pid = os.fork()
    if pid == 0:
        os.setgroups(groups); os.setresgid(gid, gid, gid); os.setresuid(uid, uid, uid)
        try: exec(code, globals()); sys.stdout.flush()
        finally: os._exit(0)
    sys.stdout.flush(); os.waitpid(pid, 0)
def mode(name): return oct(os.stat(p(name)).st_mode & 0o7777)
os.chmod(at, 0o777)
`

fuseTest('Modes, owners and times are set, to the nanosecond', async (t) => {
  const { path } = await mount(t, new PosixVolume())
  const script = `
put(p('f'), b'x')
os.chmod(p('f'), 0o6751); os.chown(p('f'), 12, 34)
s = os.stat(p('f')); print(oct(s.st_mode), s.st_uid, s.st_gid)
os.utime(p('f'), ns=(-1, 1700000000123456789))
s = os.stat(p('f')); print(s.st_atime_ns, s.st_mtime_ns)
before = os.stat(p('f')).st_ctime_ns
os.utime(p('f'))
s = os.stat(p('f')); print(s.st_mtime_ns >= before, s.st_ctime_ns >= before)
os.symlink('x', p('l')); os.utime(p('l'), ns=(5, 6), follow_symlinks=False)
os.lchown(p('l'), 7, 8)
s = os.lstat(p('l')); print(s.st_atime_ns, s.st_mtime_ns, s.st_uid)`
  t.is(await runPython(script, path), '0o100751 12 34\n-1 1700000000123456789\nTrue True\n5 6 7\n')
})

fuseTest('What a user makes is his, with his umask, and of the directory’s group', async (t) => {
  const { path } = await mount(t, new PosixVolume())
  const script = `${AS_USER}
as_user("os.umask(0o027); put(p('f'), b'x'); os.mkdir(p('d'), 0o777); os.mkfifo(p('p'), 0o666)")
for name in 'fdp':
    s = os.stat(p(name)); print(name, oct(s.st_mode), s.st_uid, s.st_gid)
os.mkdir(p('shared')); os.chown(p('shared'), 0, 77); os.chmod(p('shared'), 0o2777)
as_user("os.umask(0); os.mkdir(p('shared', 'd'), 0o755); os.close(os.open(p('shared', 'f'), os.O_CREAT, 0o2775))")
as_user("os.umask(0); os.close(os.open(p('shared', 'g'), os.O_CREAT, 0o2775))", groups=(77,))
for name in 'dfg':
    s = os.stat(p('shared', name)); print(name, oct(s.st_mode), s.st_gid)`
  t.is(
    await runPython(script, path),
    'f 0o100640 1234 1234\nd 0o40750 1234 1234\np 0o10640 1234 1234\n' +
      'd 0o42755 77\nf 0o100775 77\ng 0o102775 77\n',
  )
})

fuseTest('Who may not, can not', async (t) => {
  const { path } = await mount(t, new PosixVolume())
  const script = `${AS_USER}
put(p('secret'), b'x'); os.chmod(p('secret'), 0o600)
put(p('theirs'), b'x'); os.chmod(p('theirs'), 0o644)
os.mkdir(p('tmp')); os.chmod(p('tmp'), 0o1777); put(p('tmp', 'root'), b'x')
as_user("""
print(errno_of(open, p('secret')), errno_of(open, p('theirs'), 'w'), errno_of(os.chmod, p('theirs'), 0o666))
print(errno_of(os.unlink, p('tmp', 'root')), errno_of(os.rename, p('tmp', 'root'), p('tmp', 'x')))
print(errno_of(os.chown, p('theirs'), 1234, 1234), errno_of(os.truncate, p('theirs'), 0))
print(os.access(p('theirs'), os.R_OK), os.access(p('theirs'), os.W_OK))
""")
os.chown(p('secret'), 0, 55); os.chmod(p('secret'), 0o640)
as_user("print(get(p('secret')))", groups=(55,))`
  t.is(
    await runPython(script, path),
    "EACCES EACCES EPERM\nEPERM EPERM\nEPERM EACCES\nTrue False\nb'x'\n",
  )
})

fuseTest('Set-user-id goes when somebody else writes, cuts or is given the file', async (t) => {
  const { path } = await mount(t, new PosixVolume())
  const script = `${AS_USER}
def make():
    put(p('f'), b'content'); os.chown(p('f'), 1234, 1234); os.chmod(p('f'), 0o6777)
make(); put(p('f'), b'by root'); print(mode('f'))
for code in ("put(p('f'), b'x')", "os.truncate(p('f'), 1)", "open(p('f'), 'r+b').write(b'y')",
             "f = os.open(p('f'), os.O_RDWR); os.write(f, b'a'); os.chmod(p('f'), 0o4777); os.write(f, b'b')"):
    make(); as_user(code); print(mode('f'))
make(); os.chown(p('f'), 0, 0); print(mode('f'))
os.chmod(p('f'), 0o2767); os.chown(p('f'), 1, 1); print(mode('f'))
os.mkdir(p('d')); os.chmod(p('d'), 0o2777); os.chown(p('d'), 1, 1); print(mode('d'))`
  t.is(await runPython(script, path), '0o6777\n' + '0o777\n'.repeat(4) + '0o777\n0o2767\n0o2777\n')
})

fuseTest('Reading leaves no access time, as the mount says', async (t) => {
  const { path } = await mount(t, new PosixVolume())
  const script = `
put(p('f'), b'x'); os.utime(p('f'), ns=(5, 6)); get(p('f'))
line = next(line for line in open('/proc/mounts') if line.split()[1] == at)
print(os.stat(p('f')).st_atime_ns, sorted(set(line.split()[3].split(',')) & {'noatime', 'rw', 'nosuid', 'nodev'}))`
  t.is(await runPython(script, path), "5 ['noatime', 'nodev', 'nosuid', 'rw']\n")
})

fuseTest('Extended attributes are set, replaced and removed', async (t) => {
  const { path } = await mount(t, new PosixVolume())
  const script = `
put(p('f'), b'x'); os.mkdir(p('d'))
os.setxattr(p('f'), 'user.a', b'one'); os.setxattr(p('d'), 'user.b', b'')
print(os.getxattr(p('f'), 'user.a'), os.listxattr(p('f')), os.getxattr(p('d'), 'user.b'))
print(errno_of(os.setxattr, p('f'), 'user.a', b'x', os.XATTR_CREATE))
print(errno_of(os.setxattr, p('f'), 'user.c', b'x', os.XATTR_REPLACE))
os.setxattr(p('f'), 'user.a', b'two' * 10000, os.XATTR_REPLACE); print(len(os.getxattr(p('f'), 'user.a')))
os.removexattr(p('f'), 'user.a')
print(os.listxattr(p('f')), errno_of(os.removexattr, p('f'), 'user.a'), errno_of(os.getxattr, p('f'), 'user.a'))
print(errno_of(os.setxattr, p('f'), 'security.selinux', b'x'))`
  t.is(
    await runPython(script, path),
    "b'one' ['user.a'] b''\nEEXIST\nENODATA\n30000\n[] ENODATA ENODATA\nENOTSUP\n",
  )
})

fuseTest(
  'An access control list is kept, listed, and enforced against those it names',
  async (t) => {
    const { path } = await mount(t, new PosixVolume())
    const script = `${AS_USER}
def acl(group, user):
    anyone = 0xffffffff
    entries = [(1, 6, anyone), (2, user, 1234), (4, group, anyone), (16, 7, anyone), (32, 0, anyone)]
    return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in entries)
ACCESS = 'system.posix_acl_access'
put(p('f'), b'x'); os.chmod(p('f'), 0o660)
read = "print(errno_of(get, p('f')))"
as_user(read); as_user(read, gid=0)
os.setxattr(p('f'), ACCESS, acl(group=0, user=4))
as_user(read); as_user(read, uid=99, gid=0); as_user("print(errno_of(put, p('f'), b''))")
print(os.getxattr(p('f'), ACCESS) == acl(group=0, user=4), os.listxattr(p('f')))
os.removexattr(p('f'), ACCESS)
as_user(read); print(os.listxattr(p('f')), errno_of(os.setxattr, p('f'), 'security.x', b''))`
    t.is(
      await runPython(script, path),
      "EACCES\ndone\ndone\nEACCES\nEACCES\nTrue ['system.posix_acl_access']\n" +
        'EACCES\n[] ENOTSUP\n',
    )
  },
)
