// The mount of an ordinary user, through fusermount3: what is written there is written as that user,
// who may do no more than on the source, and nobody else may enter it.
import { execFile } from 'node:child_process'
import { chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { UID, whyNoUserMount, widen } from '../../fuse/system/user-mount.ts'
import { noProgram } from '../../reasons.ts'
import { testUnless } from '../../skip.ts'
import { Place } from './peer-process.ts'

const userTest = testUnless(...whyNoUserMount, noProgram('python3')).serial

const SCRIPT = `
import errno, os, sys
at = sys.argv[1]
def told(what, call):
    try: call(); print(what, 'done')
    except OSError as error: print(what, errno.errorcode[error.errno])
def put(name, mode='w'):
    with open(os.path.join(at, name), mode) as f: f.write('new')
told('make', lambda: put('mine'))
told('append', lambda: put('mine', 'a'))
told('theirs', lambda: put('theirs'))
told('inside', lambda: put('closed/file'))
told('remove', lambda: os.unlink(os.path.join(at, 'closed/kept')))
told('chown', lambda: os.chown(os.path.join(at, 'mine'), 0, 0))
told('chmod', lambda: os.chmod(os.path.join(at, 'theirs'), 0o666))
told('chmod mine', lambda: os.chmod(os.path.join(at, 'mine'), 0o600))
print(open(os.path.join(at, 'theirs')).read(), oct(os.stat(os.path.join(at, 'mine')).st_mode))`

userTest("a user's mount is written to as that user, and by nobody else", async (t) => {
  widen(t)
  await using place = new Place()
  const [source, mount] = [place.makeDirectory('source'), place.makeDirectory('mount')]
  for (const each of [place.directory, source, mount]) chownSync(each, UID, UID)
  writeFileSync(path.join(source, 'theirs'), 'old', { mode: 0o644 })
  mkdirSync(path.join(source, 'closed'), { mode: 0o755 })
  writeFileSync(path.join(source, 'closed/kept'), 'old')
  const given = ['--source', `data=${source}`, '--mount', `data=${mount}`, '--write', 'through']
  const peer = await place.startPeer('user', given, { uid: UID })
  const asUser = { uid: UID, gid: UID }
  const { stdout } = await promisify(execFile)('python3', ['-c', SCRIPT, mount], asUser)
  t.is(
    stdout,
    'make done\nappend done\ntheirs EACCES\ninside EACCES\nremove EACCES\n' +
      'chown EPERM\nchmod EPERM\nchmod mine done\nold 0o100600\n',
  )
  const { uid, gid, size } = statSync(path.join(source, 'mine'))
  t.deepEqual([uid, gid, size], [UID, UID, 6])
  // Not this process, which serves nothing: whoever is not the user is kept out.
  await t.throwsAsync(promisify(execFile)('ls', [mount]), { message: /Permission denied/ })
  t.is(await peer.end('SIGTERM'), 0)
})
