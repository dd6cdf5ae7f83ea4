import { PosixVolume } from '../../../posix/posix-volume.ts'
import { noProgram } from '../../../reasons.ts'
import { testUnless } from '../../../skip.ts'
import { until } from '../../../until.ts'
import { cannotMount, mount, runPython } from '../../real-mount.ts'

// One at a time: each starts programs, which have but two cores.
const fuseTest = testUnless(cannotMount, noProgram('python3')).serial

/** A second program that takes a lock, says so, and holds it until its input ends. */
const HOLDER = `
def holder(code):
    program = subprocess.Popen(
        [sys.executable, '-c', 'import fcntl, os, sys\\nf = open(sys.argv[1], "r+")\\n' + code +
         '\\nprint("has it", flush=True)\\nsys.stdin.read()', p('f')],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    program.stdout.readline()
    return program
put(p('f'), b'0123456789')
f = open(p('f'), 'r+')
WAIT, TRY = fcntl.LOCK_EX, fcntl.LOCK_EX | fcntl.LOCK_NB
`

fuseTest(
  'A range that another program has locked is refused, and free when it closes',
  async (t) => {
    const { path } = await mount(t, new PosixVolume())
    const script = `${HOLDER}
other = holder('fcntl.lockf(f, fcntl.LOCK_EX, 4, 2)')
print(errno_of(fcntl.lockf, f, TRY, 4, 0), errno_of(fcntl.lockf, f, TRY, 2, 0))
print(errno_of(fcntl.lockf, f, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, 5), errno_of(fcntl.lockf, f, TRY, 0, 6))
query = struct.pack('hhqqi', fcntl.F_WRLCK, 0, 0, 0, 0)
kind, _, start, length, pid = struct.unpack('hhqqi', fcntl.fcntl(f, fcntl.F_GETLK, query))
print(kind == fcntl.F_WRLCK, start, length, pid == other.pid)
other.stdin.close(); other.wait()
print(errno_of(fcntl.lockf, f, TRY))
kind, *_ = struct.unpack('hhqqi', fcntl.fcntl(f, fcntl.F_GETLK, query))
print(kind == fcntl.F_UNLCK)`
    t.is(await runPython(script, path), 'EAGAIN done\nEAGAIN done\nTrue 2 4 True\ndone\nTrue\n')
  },
)

fuseTest('Who waits for a lock gets it when its holder is killed', async (t) => {
  const { path, volume } = await mount(t, new PosixVolume())
  const script = `${HOLDER}
other = holder('fcntl.lockf(f, fcntl.LOCK_EX)')
subprocess.Popen(['sh', '-c', 'sleep 0.3; kill -9 %d' % other.pid])
fcntl.lockf(f, WAIT)
print('mine')
f.close()
g = open(p('f'), 'r+')
other = holder('fcntl.flock(f, fcntl.LOCK_EX)')
print(errno_of(fcntl.flock, g, TRY), errno_of(fcntl.lockf, g, TRY))
subprocess.Popen(['sh', '-c', 'sleep 0.3; kill -9 %d' % other.pid])
fcntl.flock(g, WAIT)
print('mine, too')`
  t.is(await runPython(script, path), 'mine\nEAGAIN done\nmine, too\n')
  await until(() => volume.openHandles === 0)
  t.deepEqual(volume.at('f').locks.held, [])
})

fuseTest('A wait for a lock ends with an alarm', async (t) => {
  const { path, mount: mounted } = await mount(t, new PosixVolume())
  const script = `${HOLDER}
class Alarm(Exception): pass
def ring(*_): raise Alarm
other = holder('fcntl.lockf(f, fcntl.LOCK_EX)')
signal.signal(signal.SIGALRM, ring)
try: signal.setitimer(signal.ITIMER_REAL, 0.3); fcntl.lockf(f, WAIT)
except Alarm: print('rang')
signal.setitimer(signal.ITIMER_REAL, 0)
other.stdin.close(); other.wait()
print(errno_of(fcntl.lockf, f, TRY))`
  t.is(await runPython(script, path), 'rang\ndone\n')
  t.is(mounted.counters()['fuse_waiting'], 0)
})

fuseTest('A lock of an open file goes with it, not with the program', async (t) => {
  const { path, volume } = await mount(t, new PosixVolume())
  const script = `
put(p('f'), b'x')
F_OFD_SETLK, lock = 37, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0)
a, b = os.open(p('f'), os.O_RDWR), os.open(p('f'), os.O_RDWR)
fcntl.fcntl(a, F_OFD_SETLK, lock)
print(errno_of(fcntl.fcntl, b, F_OFD_SETLK, lock))
os.close(os.open(p('f'), os.O_RDWR)); c = os.dup(a); os.close(a)
print(errno_of(fcntl.fcntl, b, F_OFD_SETLK, lock))
os.close(c)
until = time.time() + 10
while errno_of(fcntl.fcntl, b, F_OFD_SETLK, lock) != 'done' and time.time() < until: time.sleep(0.01)
print(errno_of(fcntl.fcntl, b, F_OFD_SETLK, lock))`
  t.is(await runPython(script, path), 'EAGAIN\nEAGAIN\ndone\n')
  await until(() => volume.at('f').locks.held.length === 0)
})
