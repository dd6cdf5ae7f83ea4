// The suites of others, each behind `Suite`. Each file knows one program: how to get and start it,
// how to read what it says. None of their code lies here; what has to be compiled is built in a cache
// outside of the repository, out of a checkout that the user names.
//
// pjdfstest: 238 shell scripts, one system call and one errno each, as root and as other users.
import { mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { noProgram, notRoot } from '../../reasons.ts'
import { build, noCheckout, type Recipe, stateOf } from '../tools/builds.ts'
import { runProgram } from '../tools/run-program.ts'
import { addOutcomes, type Outcome, type Place, type Settings, type Suite } from '../suite.ts'
import { readTap } from '../tools/tap.ts'

const RECIPE: Recipe = {
  name: 'pjdfstest',
  address: 'https://github.com/pjd/pjdfstest',
  steps: [
    ['autoreconf', '-ifs'],
    ['./configure', '--quiet'],
    ['make', 'pjdfstest'],
  ],
  programs: ['pjdfstest'],
}
const FILE_MS = 300_000
/** A quick run takes the files with a basic test of each call. */
const QUICK = /\/00\.t$/

export const PJDFSTEST: Suite = {
  name: 'pjdfstest',
  missing: (settings) =>
    notRoot() ??
    noCheckout(RECIPE, settings) ??
    noProgram('openssl') ??
    noProgram('cc') ??
    noProgram('autoreconf'),
  version: ({ checkouts, signal }) => stateOf(checkouts.pjdfstest ?? '', signal),
  async run(place, settings) {
    const tests = path.join(await build(RECIPE, settings), 'tests')
    const files = (await readdir(tests, { recursive: true })).filter((name) => name.endsWith('.t'))
    const chosen = files.filter((name) => !settings.isQuick || QUICK.test(name)).toSorted()
    const outcomes: Outcome[] = []
    const worker = async (): Promise<void> => {
      for (let file = chosen.shift(); file !== undefined; file = chosen.shift()) {
        outcomes.push(await runFile(file, { tests, place, settings }))
      }
    }
    // Most of their time they sleep, until the clock's second has changed.
    await Promise.all(Array.from({ length: 3 * settings.jobs }, worker))
    return addOutcomes(outcomes)
  },
}

/** In a directory of its own: files look at the one they run in. */
async function runFile(
  file: string,
  { tests, place, settings }: { tests: string; place: Place; settings: Settings },
): Promise<Outcome> {
  const cwd = path.join(place.directory, file.replaceAll('/', '-'))
  await mkdir(cwd)
  const command = ['sh', path.join(tests, file)]
  const { signal } = settings
  const { output, isLate } = await runProgram(command, { cwd, limitMs: FILE_MS, signal })
  const tap = readTap(file, output)
  if (!isLate) return tap
  return { ...tap, failures: [...tap.failures, { what: file, why: 'did not end in time' }] }
}
