import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { notRoot } from '../reasons.ts'
import { testUnless } from '../skip.ts'
import { mountsOf, processesOf, removeLeftovers } from './leftovers.ts'

function makeRun() {
  const folder = mkdtempSync(join(tmpdir(), 'run-'))
  return { folder, mark: `POTLUCK_TEST_RUN=${folder}` }
}

test('a process that outlives its test is found by its mark, and ended', async (t) => {
  const run = makeRun()
  t.teardown(() => rmdirSync(run.folder))
  t.deepEqual(processesOf(run), [])
  const env = { ...process.env, POTLUCK_TEST_RUN: run.folder }
  const child = spawn('sleep', ['1000'], { env, stdio: 'ignore' })
  await once(child, 'spawn')
  t.deepEqual(processesOf(run), [{ pid: child.pid ?? 0, command: 'sleep 1000 ' }])
  const ended = once(child, 'exit')
  await removeLeftovers(run)
  t.deepEqual(await ended, [null, 'SIGKILL'])
})

testUnless(notRoot())(
  'a mount that outlives its test is found by its place, and removed',
  async (t) => {
    const run = makeRun()
    t.teardown(() => rmdirSync(run.folder))
    execFileSync('mkdir', [join(run.folder, 'm')])
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(run.folder, 'm')])
    t.deepEqual(mountsOf(run), [join(run.folder, 'm')])
    await removeLeftovers(run)
    t.deepEqual(mountsOf(run), [])
    rmdirSync(join(run.folder, 'm'))
  },
)
