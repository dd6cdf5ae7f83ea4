// git: locks by exclusive creation and rename, maps its packs, believes in times and inode numbers, and
// checks every byte that it has ever written.
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { noProgram } from '../../reasons.ts'
import { Checks, hold, succeed } from '../tools/checks.ts'
import type { Place, Settings, Suite } from '../suite.ts'

const FILES = 400
const QUICK_FILES = 20
/** Commits made on one mount and the other in turn. */
const TURNS = 6
/** The user's own configuration does not count here. */
const ENVIRONMENT = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.com',
}

type Git = (cwd: string, ...args: string[]) => Promise<string>

export const GIT: Suite = {
  name: 'git clone, fsck, gc',
  missing: () => noProgram('git'),
  async version({ signal }) {
    const said = await succeed(['git', '--version'], { cwd: '/', signal })
    return said.replace('git version', '').trim()
  },
  async run(place, settings) {
    const checks = new Checks(settings.signal)
    const git: Git = (cwd, ...args) =>
      succeed(['git', '-c', 'init.defaultBranch=main', ...args], {
        cwd,
        signal: settings.signal,
        env: ENVIRONMENT,
      })
    await makeRepository(checks, git, { place, settings })
    if (!settings.isQuick) await cloneAndCheck(checks, git, place)
    await commitOnBoth(checks, git, place)
    return checks.outcome()
  },
}

async function makeRepository(
  checks: Checks,
  git: Git,
  { place, settings }: { place: Place; settings: Settings },
): Promise<void> {
  const origin = path.join(place.directory, 'origin')
  const count = settings.isQuick ? QUICK_FILES : FILES
  const write = async (version: number): Promise<void> => {
    for (let index = version - 1; index < count; index += version) {
      const folder = path.join(origin, `folder-${index % 7}`)
      await mkdir(folder, { recursive: true })
      const text = `${version} ${index}\n`.repeat(1 + ((index * 37) % 400))
      await writeFile(path.join(folder, `file-${index}.txt`), text)
    }
  }
  await checks.check('init, add, commit', async () => {
    await mkdir(origin)
    await git(origin, 'init', '-q')
    await write(1)
    await git(origin, 'add', '.')
    await git(origin, 'commit', '-q', '-m', 'first')
  })
  await checks.check('branch, commit, merge', async () => {
    await git(origin, 'checkout', '-q', '-b', 'side')
    await write(2)
    await git(origin, 'commit', '-q', '-a', '-m', 'side')
    await git(origin, 'checkout', '-q', 'main')
    await git(origin, 'merge', '-q', '--no-ff', '-m', 'merged', 'side')
  })
  await checks.check('the work tree is clean on both mounts', async () => {
    await place.settle()
    for (const mount of [place.directory, place.twin]) {
      const status = await git(path.join(mount, 'origin'), 'status', '--porcelain')
      hold(status === '', `git status: ${status.slice(0, 200)}`)
    }
  })
}

async function cloneAndCheck(
  checks: Checks,
  git: Git,
  { directory, twin, settle }: Place,
): Promise<void> {
  const origin = path.join(directory, 'origin')
  const ways = { 'hard links': [], copying: ['--no-hardlinks'], packing: ['--no-local'] }
  for (const [way, options] of Object.entries(ways)) {
    await checks.check(`clone by ${way}, fsck`, async () => {
      const clone = path.join(directory, `clone by ${way}`)
      await git(directory, 'clone', '-q', ...options, origin, clone)
      await git(clone, 'fsck', '--full', '--strict')
    })
  }
  await checks.check('clone of the other mount, fsck', async () => {
    const clone = path.join(directory, 'clone of twin')
    await settle()
    await git(directory, 'clone', '-q', '--no-local', path.join(twin, 'origin'), clone)
    await git(clone, 'fsck', '--full', '--strict')
  })
  await checks.check('gc, then fsck on both mounts', async () => {
    await git(origin, 'gc', '-q', '--aggressive', '--prune=now')
    await settle()
    for (const mount of [directory, twin]) {
      await git(path.join(mount, 'origin'), 'fsck', '--full', '--strict')
    }
  })
}

/** Commits made in turn, each on the mount that has not made the last one. */
async function commitOnBoth(
  checks: Checks,
  git: Git,
  { directory, twin, settle }: Place,
): Promise<void> {
  await checks.check('commits from two mounts in turn', async () => {
    for (let turn = 0; turn < TURNS; turn++) {
      const origin = path.join(turn % 2 === 0 ? directory : twin, 'origin')
      await writeFile(path.join(origin, 'turn.txt'), `${turn}\n`)
      await git(origin, 'add', 'turn.txt')
      await git(origin, 'commit', '-q', '-m', `turn ${turn}`)
      await settle()
    }
    const origin = path.join(directory, 'origin')
    const turns = (await git(origin, 'log', '--format=%s'))
      .split('\n')
      .filter((it) => it.startsWith('turn'))
    hold(turns.length === TURNS, `${turns.length} of ${TURNS} commits are there`)
    await git(origin, 'fsck', '--full', '--strict')
  })
}
