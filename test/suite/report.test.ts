import test from 'ava'
import { readLine } from './report.ts'

const check = (line: string, expected: ReturnType<typeof readLine>): void => {
  test(`read: ${line.trim().replaceAll(' › ', ', ')}`, (t) => t.deepEqual(readLine(line), expected))
}

check('  ✔ room › file › it works (1.2s)', { outcome: 'passed', file: 'room/file' })
check('  ✔ it works', { outcome: 'passed', file: '' })
check('  ✘ [fail]: room › file › it works Error thrown in test', { outcome: 'failed' })
check('  ✘ No tests found in test/x.test.ts', { outcome: 'failed' })
check('  ✘ test/x.test.ts exited due to SIGSEGV', { outcome: 'failed' })
check('  - [skip] room › file › it works [skipped: reason]', { outcome: 'skipped' })
check('  - [todo] room › file › it will work', { outcome: 'failed' })
check('  Uncaught exception in test/x.test.ts', { outcome: 'failed' })
check('  Unhandled rejection in test/x.test.ts', { outcome: 'failed' })
check('  ◌ room › file › it hangs', { outcome: 'failed' })
check('  9 tests failed', {})
check('      ✔ quoted inside a failure', {})
check('✔ printed by a test', {})
