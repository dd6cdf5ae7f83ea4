// Who may read what is what the source says, its access control lists included: on a mount that is
// only read, for another user than the one who mounted it.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { whyNoMount } from '../../../peers/commands/demo/fuse-use.ts'
import { noProgram, notRoot } from '../../reasons.ts'
import { testUnless } from '../../skip.ts'
import { Place } from './peer-process.ts'

const rootTest = testUnless(notRoot(), whyNoMount(process.env), noProgram('python3'))

/** A list for a file of root's that the user 1234, of the group 77, may read or not; masked by 4. */
const PRELUDE = `
import errno, os, struct, sys
at = sys.argv[1]
def allow(name, user, group):
    anyone = 0xffffffff
    entries = [(1, 6, anyone), (2, user, 1234), (4, group, anyone), (16, 5, anyone), (32, 0, anyone)]
    packed = b''.join(struct.pack('<HHI', *entry) for entry in entries)
    os.setxattr(os.path.join(at, name), 'system.posix_acl_access', struct.pack('<I', 2) + packed)
`
const MAKE = `
os.umask(0)
os.mkdir(os.path.join(at, 'closed'))
for name in ['plain', 'denied', 'granted', 'closed/inside']:
    with open(os.path.join(at, name), 'w') as made: made.write(name)
    os.chmod(os.path.join(at, name), 0o640); os.chown(os.path.join(at, name), 0, 77)
os.chmod(os.path.join(at, 'closed'), 0o750); os.chown(os.path.join(at, 'closed'), 0, 77)
allow('denied', user=0, group=4)
allow('granted', user=4, group=0)
allow('closed', user=0, group=5)`
const READ = `
os.setgroups([]); os.setresgid(77, 77, 77); os.setresuid(1234, 1234, 1234)
for name in ['plain', 'denied', 'granted', 'closed/inside']:
    try: print(name, open(os.path.join(at, name)).read())
    except OSError as error: print(name, errno.errorcode[error.errno])`

async function runPython(script: string, at: string): Promise<string> {
  const { stdout } = await promisify(execFile)('python3', ['-c', PRELUDE + script, at])
  return stdout
}

rootTest('a list on the source denies and grants on a mount that is only read', async (t) => {
  await using place = new Place()
  const [source, mount] = [place.makeDirectory('source'), place.makeDirectory('mount')]
  await promisify(execFile)('chmod', ['755', place.directory])
  await runPython(MAKE, source)
  const given = ['--source', `data=${source}`, '--mount', `data=${mount}`]
  const peer = await place.startPeer('a', given)
  const said = 'plain plain\ndenied EACCES\ngranted granted\nclosed/inside EACCES\n'
  t.is(await runPython(READ, source), said, 'by the source itself')
  t.is(await runPython(READ, mount), said)
  await runPython(`allow('denied', user=4, group=4); allow('granted', user=0, group=0)`, source)
  await peer.client.invalidate('data', '')
  const turned = 'plain plain\ndenied denied\ngranted EACCES\nclosed/inside EACCES\n'
  t.is(await runPython(READ, source), turned, 'by the source itself')
  t.is(await runPython(READ, mount), turned)
})
