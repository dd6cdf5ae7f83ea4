// fsx and fsstress of xfstests. fsx: one file, random reads, writes, truncates, maps, holes, and
// copies of ranges, compared with what it has in memory at each step. fsstress: random system calls
// from several processes on a tree; it says nothing of their results, so the trees that two mounts
// and the source then show are compared.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { noFile, noProgram } from '../../reasons.ts'
import { build, noCheckout, type Recipe, stateOf } from '../tools/builds.ts'
import { Checks, howItEnded, succeed } from '../tools/checks.ts'
import { compareTrees, noTreeReader } from '../tools/trees.ts'
import { runProgram } from '../tools/run-program.ts'
import type { Place, Settings, Suite } from '../suite.ts'

const RECIPE: Recipe = {
  name: 'xfstests',
  address: 'https://git.kernel.org/pub/scm/fs/xfs/xfstests-dev.git',
  steps: [
    ['make', 'configure'],
    ['./configure', '--quiet'],
    ['make', '-C', 'lib'],
    ['make', '-C', 'ltp', 'fsx', 'fsstress'],
  ],
  programs: ['ltp/fsx', 'ltp/fsstress'],
}
const FSX_MS = 1_800_000
const FSSTRESS_MS = 900_000
const OPERATIONS = 100_000
const QUICK_OPERATIONS = 2_000
/** What fsx finds out at its start, such as that a kind of fallocate is not there. */
const NOT_SUPPORTED = /^(?:main: )?(.*), disabling!$/gm

const missing = (settings: Settings): string | undefined =>
  noCheckout(RECIPE, settings) ??
  noProgram('cc') ??
  noProgram('autoconf') ??
  (noFile('/usr/include/xfs/xfs.h') === undefined ? undefined : 'xfslibs-dev is not installed')

const version = ({ checkouts, signal }: Settings): Promise<string> =>
  stateOf(checkouts.xfstests ?? '', signal)

/** Options by what they are for. The first is the plain one: everything, maps too. */
const FSX_WAYS: Readonly<Record<string, readonly string[]>> = {
  'mmap on': [],
  'large, over several blocks': ['-l', '8388608', '-o', '1572864'],
  'O_DIRECT, no mmap': ['-Z', '-r', '4096', '-w', '4096', '-R', '-W'],
  'asynchronous I/O': ['-A'],
}

export const FSX: Suite = {
  name: 'fsx',
  missing,
  version,
  async run(place, settings) {
    const program = path.join(await build(RECIPE, settings), 'ltp/fsx')
    const checks = new Checks(settings.signal)
    const unsupported = new Set<string>()
    for (const [index, [what, options]] of Object.entries(FSX_WAYS).entries()) {
      const operations = operationsOf(index, settings)
      await checks.check(`${operations} operations, ${what}`, async () => {
        const command = [program, '-N', operations, '-S', settings.seed, ...options]
        const file = path.join(place.directory, `fsx-${index}`)
        const output = await succeed([...command, '-P', place.scratch, file].map(String), {
          cwd: place.scratch,
          limitMs: FSX_MS,
          signal: settings.signal,
        })
        for (const [, reason = ''] of output.matchAll(NOT_SUPPORTED)) unsupported.add(reason)
      })
    }
    for (const reason of unsupported) checks.skip(1, reason)
    return checks.outcome()
  },
}

/** The plain way is run for as long as was promised, the others a fifth of it. */
function operationsOf(index: number, { isQuick }: Settings): number {
  const operations = isQuick ? QUICK_OPERATIONS : OPERATIONS
  return index === 0 ? operations : operations / 5
}

export const FSSTRESS: Suite = {
  name: 'fsstress',
  missing: (settings) => missing(settings) ?? noTreeReader(),
  version,
  async run(place, settings) {
    const program = path.join(await build(RECIPE, settings), 'ltp/fsstress')
    const checks = new Checks(settings.signal)
    await checks.check('on one mount', () => stress([place.directory], 'one'))
    await checks.check('then all ways show the same tree', () => compareTrees(place, settings))
    await checks.check('on two mounts, in one directory', () =>
      stress([place.directory, place.twin], 'two'),
    )
    await checks.check('then, too', () => compareTrees(place, settings))
    return checks.outcome()

    /** All at once. */
    async function stress(mounts: readonly string[], name: string): Promise<void> {
      await mkdir(path.join(place.directory, name))
      const runs = mounts.map((mount, index) => {
        const seed = settings.seed + index
        return runStress({ program, directory: path.join(mount, name), seed }, place, settings)
      })
      await Promise.all(runs)
    }
  },
}

async function runStress(
  { program, directory, seed }: { program: string; directory: string; seed: number },
  place: Place,
  { isQuick, signal }: Settings,
): Promise<void> {
  const operations = isQuick ? 200 : 2500
  const command = [program, '-d', directory, '-n', operations, '-p', 4, '-s', seed].map(String)
  const options = { cwd: place.scratch, limitMs: FSSTRESS_MS, signal }
  const finished = await runProgram(command, options)
  if (finished.code !== 0) throw new Error(howItEnded(finished))
}
