import test from 'ava'
import { readTap } from './tap.ts'

test('what passed, failed, was skipped and was known to fail is told apart', (t) => {
  const output = `1..6
ok 1
not ok 2 - tried 'chmod x', expected EPERM, got 0
ok 3 # skip no such call
not ok 4 # TODO ZFS does it otherwise
ok 5 - it works
`
  const tap = readTap('chmod/00.t', output)
  t.is(tap.passed, 2)
  t.deepEqual(tap.failures, [
    { what: 'chmod/00.t 2', why: "tried 'chmod x', expected EPERM, got 0" },
    { what: 'chmod/00.t 6', why: 'planned but never reported' },
  ])
  t.deepEqual(
    tap.skips.map(({ reason }) => reason),
    ['no such call', 'fails, as the suite itself says it will (TODO)'],
  )
})

test('a file that plans nothing is skipped, one without a plan has failed', (t) => {
  t.deepEqual(readTap('a.t', '1..0 # SKIP no flags here\n').skips, [
    { count: 1, reason: 'no flags here' },
  ])
  t.is(readTap('a.t', 'sh: not found\n').failures.length, 1)
})
