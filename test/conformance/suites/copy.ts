// Copies as administrators make them: cp -a, tar and rsync have to carry over everything that a file
// has, and find nothing to do the second time.
import { mkdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { noProgram } from '../../reasons.ts'
import { Checks, hold, succeed } from '../tools/checks.ts'
import type { Place, Settings, Suite } from '../suite.ts'
import { compareTrees, differences, noTreeReader, readTree } from '../tools/trees.ts'

const MAKER = fileURLToPath(new URL('../programs/make-tree.py', import.meta.url))
/** Of the sparse file that the maker makes; all of it allocated would be 64 MiB. */
const MOST_SPARSE_BYTES = 1 << 20

async function makeTree({ scratch }: Place, { isQuick, signal }: Settings): Promise<string> {
  const tree = path.join(scratch, 'tree')
  const files = isQuick ? '20' : '500'
  await succeed(['python3', MAKER, tree, files], { cwd: scratch, signal })
  return tree
}

type Copy = { readonly from: string; readonly to: string; readonly cwd: string }

/** Everything of `from` is at `to`, and every way to it shows that. */
async function judge(copy: Copy, place: Place, settings: Settings): Promise<void> {
  const [from, to] = await Promise.all(
    [copy.from, copy.to].map((each) => readTree(each, copy.cwd, settings.signal)),
  )
  const found = differences(from ?? new Map(), to ?? new Map())
  hold(found.length === 0, `the original and the copy: ${found.join('; ')}`)
  const { blocks } = await stat(path.join(copy.to, 'sparse'))
  hold(blocks * 512 <= MOST_SPARSE_BYTES, `the sparse file occupies ${blocks * 512} bytes`)
  await compareTrees(place, settings)
}

export const COPY: Suite = {
  name: 'cp -a, tar',
  missing: () => noTreeReader() ?? noProgram('tar'),
  async version({ signal }) {
    const said = await succeed(['cp', '--version'], { cwd: '/', signal })
    return /\) (\S+)/.exec(said)?.[1] ?? 'unknown'
  },
  async run(place, settings) {
    const { directory, scratch } = place
    const { signal } = settings
    const checks = new Checks(signal)
    const from = await makeTree(place, settings)
    const options = { cwd: scratch, signal }
    const [copied, again, untarred] = ['copied', 'again', 'untarred'].map((name) =>
      path.join(directory, name),
    ) as [string, string, string]
    await checks.check('cp -a into the mount', async () => {
      await succeed(['cp', '-a', from, copied], options)
      await judge({ from, to: copied, cwd: scratch }, place, settings)
    })
    if (settings.isQuick) return checks.outcome()
    await checks.check('diff -r finds no difference', async () => {
      const special = ['--exclude=fifo', '--exclude=null']
      await succeed(['diff', '-r', '--no-dereference', ...special, from, copied], options)
    })
    await checks.check('cp -a inside the mount', async () => {
      await succeed(['cp', '-a', copied, again], options)
      await judge({ from, to: again, cwd: scratch }, place, settings)
    })
    await checks.check('tar and untar, with xattrs, holes and hard links', async () => {
      const archive = path.join(scratch, 'tree.tar')
      const all = ['--xattrs', '--xattrs-include=*', '--acls', '--sparse']
      await succeed(['tar', '-cf', archive, ...all, '-C', copied, '.'], options)
      await mkdir(untarred)
      await succeed(['tar', '-xpf', archive, ...all, '-C', untarred], options)
      await judge({ from, to: untarred, cwd: scratch }, place, settings)
    })
    await checks.check('rm -r leaves nothing', async () => {
      await succeed(['rm', '-r', copied, again, untarred], options)
      await compareTrees(place, settings)
    })
    return checks.outcome()
  },
}

export const RSYNC: Suite = {
  name: 'rsync -c',
  missing: () => noTreeReader() ?? noProgram('rsync'),
  async version({ signal }) {
    const said = await succeed(['rsync', '--version'], { cwd: '/', signal })
    return /version (\S+)/.exec(said)?.[1] ?? 'unknown'
  },
  async run(place, settings) {
    const { directory, twin, scratch, settle } = place
    const checks = new Checks(settings.signal)
    const from = await makeTree(place, settings)
    const sync = async (source: string, target: string, ...more: string[]): Promise<string> =>
      await succeed(['rsync', '-aHAXSc', '-i', ...more, `${source}/`, `${target}/`], {
        cwd: scratch,
        signal: settings.signal,
      })
    const target = path.join(directory, 'synced')
    const seen = path.join(twin, 'synced')
    await checks.check('into one mount', async () => {
      await sync(from, target)
      await judge({ from, to: target, cwd: scratch }, place, settings)
    })
    await checks.check('the other mount has nothing to be synced', async () => {
      await settle()
      const todo = await sync(from, seen, '--dry-run', '--delete')
      hold(todo.trim() === '', `rsync would do: ${todo.slice(0, 400)}`)
    })
    await checks.check('from one mount to the other', async () => {
      const back = path.join(twin, 'back')
      await sync(target, back)
      await judge({ from, to: back, cwd: scratch }, place, settings)
    })
    return checks.outcome()
  },
}
