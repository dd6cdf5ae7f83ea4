// A source without room: who writes is told so, and neither his mount nor another one believes bytes
// that the source does not have.
import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { whyNoMount } from '../../../peers/commands/demo/fuse-use.ts'
import { noProgram, notRoot } from '../../reasons.ts'
import { testUnless } from '../../skip.ts'
import { until } from '../../until.ts'
import { Place } from './peer-process.ts'

const rootTest = testUnless(notRoot(), whyNoMount(process.env), noProgram('python3')).serial

const FILL = `
import errno, os, sys
at = sys.argv[1]
def told(call):
    try: return call()
    except OSError as error: return errno.errorcode[error.errno]
def fill(name, chunk):
    fd = os.open(os.path.join(at, name), os.O_CREAT | os.O_RDWR, 0o644)
    written = 0
    while written < 8 << 20:
        count = told(lambda: os.write(fd, bytes([65 + written // chunk % 26]) * chunk))
        if isinstance(count, str): break
        written += count
    synced = told(lambda: os.fsync(fd))
    size = os.fstat(fd).st_size
    same = os.pread(fd, 8 << 20, 0)
    os.close(fd)
    print(name, count, synced, size == written == len(same), told(lambda: os.stat(os.path.join(at, name)).st_size) == written)
fill('a', 100_000)
fill('b', 4096)
`
const FILLED = 'a ENOSPC None True True\nb ENOSPC None True True\n'

/** The names, sizes and contents below a directory, or what looking there fails with. */
const LOOK = `
import hashlib, os, sys
at = sys.argv[1]
for name in sorted(os.listdir(at)):
    with open(os.path.join(at, name), 'rb') as f: whole = f.read()
    print(name, os.stat(os.path.join(at, name)).st_size, len(whole), hashlib.sha256(whole).hexdigest())`

async function python(script: string, at: string): Promise<string> {
  return (await promisify(execFile)('python3', ['-c', script, at])).stdout
}

/** The other mount has to hear of it first. */
function untilSeen(at: string, expected: string): Promise<void> {
  return until(async () => (await python(LOOK, at)) === expected)
}

/** A tmpfs of 1 MiB for as long as it is needed. */
function tinySource(place: Place): { readonly source: string } & Disposable {
  const source = place.makeDirectory('source')
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,nr_inodes=8', 'potluck-test', source])
  return { source, [Symbol.dispose]: () => void execFileSync('umount', ['-l', source]) }
}

rootTest(
  'a write that the source has no room for fails, and no mount shows a byte of it',
  async (t) => {
    await using place = new Place()
    using tiny = tinySource(place)
    const { source } = tiny
    const [mount, twin] = [place.makeDirectory('mount'), place.makeDirectory('twin')]
    const given = ['--source', `data=${source}`, '--mount', `data=${mount}`, '--write', 'through']
    const first = await place.startPeer('a', given)
    const other = ['--join', first.address, '--mount', `data=${twin}`, '--write', 'through']
    const second = await place.startPeer('b', other)
    t.is(await python(LOOK, twin), '')
    t.is(await python(FILL, mount), FILLED)
    const held = await python(LOOK, source)
    t.regex(held, /^a \d{6,} /)
    t.is(await python(LOOK, mount), held)
    await untilSeen(twin, held)
    const more = `import os, sys
os.unlink(os.path.join(sys.argv[1], 'a'))
with open(os.path.join(sys.argv[1], 'c'), 'wb') as f: f.write(b'room again' * 1000)`
    await python(more, twin)
    const after = await python(LOOK, source)
    t.regex(after, /^b \d+ .*\nc 10000 10000 /)
    t.is(await python(LOOK, twin), after)
    await untilSeen(mount, after)
    // Names, too, need room.
    const names = `import errno, os, sys
made = 0
try:
    for i in range(20): os.mkdir(os.path.join(sys.argv[1], f'd{i}')); made += 1
except OSError as error: print(errno.errorcode[error.errno])
print(made == len([n for n in os.listdir(sys.argv[1]) if n.startswith('d')]))`
    t.is(await python(names, twin), 'ENOSPC\nTrue\n')
    for (const peer of [second, first]) t.is(await peer.end('SIGTERM'), 0)
  },
)
