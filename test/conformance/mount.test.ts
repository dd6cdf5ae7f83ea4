// The quick part of the conformance run, by programs that are on most machines: two peers with a
// mount each over a fresh tmpfs. The rest is `npm run conformance`.
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { cannotMount } from '../fuse/real-mount.ts'
import { noProgram } from '../reasons.ts'
import { testUnless } from '../skip.ts'
import { openMounts, type Stage } from './stage.ts'
import type { Settings, Suite } from './suite.ts'
import { BUILD } from './suites/build.ts'
import { COPY } from './suites/copy.ts'
import { GIT } from './suites/git.ts'
import { LOCKS } from './suites/locks.ts'
import { succeed } from './tools/checks.ts'

const OPEN_FILES = fileURLToPath(new URL('programs/open-files.py', import.meta.url))

const ended = new AbortController()
const settings: Settings = {
  checkouts: { pjdfstest: undefined, xfstests: undefined },
  cache: tmpdir(),
  isQuick: true,
  seed: 1,
  jobs: 2,
  signal: ended.signal,
}

const TITLES: ReadonlyMap<Suite, string> = new Map([
  [BUILD, 'a C project is untarred and built on one mount, and runs on the other'],
  [GIT, 'git makes, merges and checks a repository, from two mounts in turn'],
  [
    LOCKS,
    'locks exclude each other on two mounts, and what is guarded by them is never lost or old',
  ],
  [COPY, 'cp -a carries over xattrs, ACLs, hard links, holes and times'],
])

let stage: Stage | undefined

if (cannotMount === undefined) {
  test.before(async () => {
    const { signal } = ended
    const peerOptions = ['--write=through']
    stage = await openMounts({ directory: tmpdir(), peerOptions, isWithoutSource: false, signal })
  })
}

test.after.always(async () => {
  ended.abort()
  await stage?.close()
})

for (const [suite, title] of TITLES) {
  testUnless(cannotMount, suite.missing(settings)).serial(title, async (t) => {
    if (stage === undefined) return void t.fail('there is no mount')
    const place = stage.makePlace(suite.name.slice(0, 3))
    const { passed, failures } = await suite.run(place, settings)
    t.deepEqual(failures, [])
    t.true(passed > 0)
    t.is(stage.trouble(), undefined)
  })
}

testUnless(cannotMount, noProgram('python3')).serial(
  'who has a file open reads on when its name goes, seeks its holes, and copies ranges of it',
  async (t) => {
    if (stage === undefined) return void t.fail('there is no mount')
    const { directory, scratch } = stage.makePlace('open')
    const { signal } = settings
    const command = ['python3', OPEN_FILES, directory]
    await t.notThrowsAsync(succeed(command, { cwd: scratch, signal }))
  },
)
