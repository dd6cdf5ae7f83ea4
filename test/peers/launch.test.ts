// The launchers, on a project that consists of nothing else and an npm that only says it was called.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'

const LAUNCHERS = join(import.meta.dirname, '../../peers')
const run = promisify(execFile)

type Project = { readonly folder: string; readonly env: NodeJS.ProcessEnv }

/** With a space in its path, and `npm ci` that takes a moment and leaves a line in `installs`. */
async function makeProject(t: ExecutionContext): Promise<Project> {
  const above = await mkdtemp(join(tmpdir(), 'launch-'))
  t.teardown(() => rm(above, { recursive: true, force: true }))
  const folder = join(above, 'a project')
  await mkdir(join(folder, 'peers'), { recursive: true })
  for (const name of ['launch', 'potluck', 'set-up']) {
    await cp(join(LAUNCHERS, name), join(folder, 'peers', name))
  }
  await writeFile(join(folder, 'package-lock.json'), '{}')
  await writeFile(
    join(folder, 'peers/potluck.ts'),
    `process.on('SIGTERM', () => process.exit(7))
    console.log(JSON.stringify([process.argv.slice(2), process.cwd()]))
    if (process.argv[2] === 'wait') setInterval(() => {}, 1_000)`,
  )
  await mkdir(join(above, 'bin'))
  await writeFile(
    join(above, 'bin/npm'),
    `#!/bin/sh
    [ -z "$NPM_FAILS" ] || { echo 'npm error no registry' >&2; exit 1; }
    rm -rf node_modules; sleep 0.2; mkdir -p node_modules/.bin
    ln -s '${process.execPath}' node_modules/.bin/node; echo "$*" >>installs`,
  )
  await chmod(join(above, 'bin/npm'), 0o755)
  return { folder, env: { ...process.env, PATH: `${above}/bin:${process.env['PATH']}` } }
}

async function installsOf({ folder }: Project): Promise<number> {
  return (await readFile(join(folder, 'installs'), 'utf8')).trim().split('\n').length
}

test('the first start installs, with one line that says so, and the second does not', async (t) => {
  const project = await makeProject(t)
  const { folder, env } = project
  const first = await run(join(folder, 'peers/potluck'), ['a b', '--c'], { env, cwd: '/' })
  t.deepEqual(JSON.parse(first.stdout), [['a b', '--c'], '/'])
  t.is(first.stderr.trim().split('\n').length, 1)
  const second = await run(join(folder, 'peers/potluck'), [], { env })
  t.is(second.stderr, '')
  t.is(await installsOf(project), 1)
})

test('several first starts at once install once', async (t) => {
  const project = await makeProject(t)
  const { folder, env } = project
  const starts = Array.from({ length: 3 }, () => run(join(folder, 'peers/potluck'), [], { env }))
  for (const { stdout } of await Promise.all(starts)) t.regex(stdout, /^\[\[\],/)
  t.is(await installsOf(project), 1)
})

test('other dependencies are installed, a lock left behind is no obstacle', async (t) => {
  const project = await makeProject(t)
  const { folder, env } = project
  await mkdir(join(folder, '.cache'))
  await writeFile(join(folder, '.cache/set-up.lock'), '')
  await run(join(folder, 'peers/potluck'), [], { env })
  await writeFile(join(folder, 'package-lock.json'), '{"other":1}')
  await run(join(folder, 'peers/potluck'), [], { env })
  t.is(await installsOf(project), 2)
})

test('an install that fails shows the error, and is tried again', async (t) => {
  const project = await makeProject(t)
  const { folder, env } = project
  const failing = run(join(folder, 'peers/potluck'), [], { env: { ...env, NPM_FAILS: 'yes' } })
  const error = await t.throwsAsync<Error & { stderr?: string }>(failing)
  t.regex(error?.stderr ?? '', /npm error no registry\npotluck: npm ci failed in .*a project/)
  await run(join(folder, 'peers/potluck'), [], { env })
  t.is(await installsOf(project), 1)
})

test('the command is found through a symbolic link, and signals reach it', async (t) => {
  const { folder, env } = await makeProject(t)
  await symlink(join(folder, 'peers/potluck'), join(folder, '../bin/potluck'))
  const child = spawn('potluck', ['wait'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  t.deepEqual(await once(child, 'exit'), [7, null])
})
