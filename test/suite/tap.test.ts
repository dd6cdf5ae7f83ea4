import test from 'ava'
import { readTap, type TapResult } from './tap.ts'

function read(...lines: readonly string[]): TapResult[] {
  const results: TapResult[] = []
  const reader = readTap((result) => results.push(result))
  for (const line of lines) reader.line(line)
  reader.end()
  return results
}

test('each test is handed over with its outcome', (t) => {
  const results = read(
    'TAP version 13',
    'ok 1 - room › file › works',
    'not ok 2 - fails',
    '  ---',
    '    message: no',
    '  ...',
    'ok 3 - needs more [skipped: reason] # SKIP',
    'not ok 4 - planned # TODO',
    '',
    '1..4',
    '# tests 3',
  )
  t.deepEqual(
    results.map(({ outcome, title }) => [outcome, title]),
    [
      ['passed', 'room › file › works'],
      ['failed', 'fails'],
      ['skipped', 'needs more [skipped: reason]'],
      ['failed', 'planned'],
    ],
  )
  t.deepEqual(results[1]?.details, ['  ---', '    message: no', '  ...'])
})

test('what a test prints is not taken for a result', (t) => {
  t.deepEqual(read('ok', 'ok - 1', 'not ok', '# ok 1 - comment', 'hello'), [])
})
