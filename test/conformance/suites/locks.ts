// Locks between processes on two mounts: who excludes whom, and that nothing which is guarded by them is
// lost or old.
import { fileURLToPath } from 'node:url'
import { noProgram } from '../../reasons.ts'
import { Checks, succeed } from '../tools/checks.ts'
import type { Suite } from '../suite.ts'

const EXCLUSION = fileURLToPath(new URL('../programs/locks.py', import.meta.url))
const GUARDED = fileURLToPath(new URL('../programs/guarded.py', import.meta.url))
const LIMIT_MS = 600_000

export const LOCKS: Suite = {
  name: 'flock and fcntl',
  missing: () => noProgram('python3'),
  async version({ signal }) {
    return (await succeed(['python3', '--version'], { cwd: '/', signal })).trim()
  },
  async run({ directory, twin, scratch }, { isQuick, signal }) {
    const checks = new Checks(signal)
    const options = { cwd: scratch, limitMs: LIMIT_MS, signal }
    const run = async (...program: string[]): Promise<void> => {
      await succeed(['python3', ...program], options)
    }
    await checks.check('they exclude each other', () => run(EXCLUSION, directory, twin))
    const rounds = isQuick ? '6' : '400'
    await checks.check('what is guarded by them is neither lost nor old', () =>
      run(GUARDED, rounds, directory, twin),
    )
    return checks.outcome()
  },
}
