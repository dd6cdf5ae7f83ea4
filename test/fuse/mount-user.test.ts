import { chownSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { testUnless } from '../skip.ts'
import { startChild } from './child.ts'
import { makeMountPoint, run, runFailing } from './real-mount.ts'
import { UID, whyNoUserMount, widen } from './system/user-mount.ts'

const userTest = testUnless(...whyNoUserMount).serial

userTest('An ordinary user mounts and unmounts through fusermount3', async (t) => {
  widen(t)
  const path = makeMountPoint(t)
  chownSync(path, UID, UID)
  const child = startChild(t, path, { uid: UID })
  t.is((await child.next()).event, 'mounted')
  const asUser = ['setpriv', '--reuid', String(UID), '--regid', String(UID), '--clear-groups']
  t.is(
    await run(asUser[0] ?? '', ...asUser.slice(1), 'cat', join(path, 'hello')),
    'hello from a child',
  )
  t.regex(await runFailing('cat', join(path, 'hello')), /Permission denied/, 'root is another user')
  t.regex(
    readFileSync('/proc/self/mounts', 'latin1'),
    new RegExp(`potluck:test ${path} fuse.potluck ro`),
  )
  child.end()
  t.is((await child.next()).event, 'closed')
  await child.exit
})

userTest('A user who may not let others in is told so, and mounts for himself', async (t) => {
  widen(t)
  const path = makeMountPoint(t)
  chownSync(path, UID, UID)
  const child = startChild(t, path, { uid: UID, mount: { allowOther: true } })
  const said = await child.next()
  t.is(said.event, 'mounted')
  const isAllowed = /^\s*user_allow_other\s*$/m.test(readFileSync('/etc/fuse.conf', 'latin1'))
  t.is(
    said.log?.some((line) => line.includes("'user_allow_other'")),
    !isAllowed,
  )
  child.end()
  await child.exit
})

userTest("A directory of someone else's is refused with what fusermount3 says", async (t) => {
  widen(t)
  const path = makeMountPoint(t)
  const child = startChild(t, path, { uid: UID })
  const said = await child.next()
  t.is(said.event, 'failed')
  t.regex(said.message ?? '', new RegExp(path))
  await child.exit
})

userTest('An unmount by an ordinary user ends while programs use it', async (t) => {
  widen(t)
  const path = makeMountPoint(t)
  chownSync(path, UID, UID)
  const child = startChild(t, path, { uid: UID })
  t.is((await child.next()).event, 'mounted')
  const script = `cd ${path} && echo inside && exec sleep 60`
  const user = spawn('sh', ['-c', script], {
    uid: UID,
    gid: UID,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.teardown(() => user.kill('SIGKILL'))
  await once(user.stdout, 'data')
  child.end()
  t.is((await child.next()).event, 'closed')
  await child.exit
})
