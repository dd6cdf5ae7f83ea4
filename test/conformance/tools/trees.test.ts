import test from 'ava'
import { differences } from './trees.ts'

test('trees differ by what is in one alone and by single fields', (t) => {
  const left = new Map([
    ["'a'", "'a'\t'0o100644'\t'0:0'\t5"],
    ["'b'", "'b'\t'0o100644'\t'0:0'\t5"],
    ["'c'", "'c'\t'0o100644'\t'0:0'\t5"],
  ])
  const right = new Map([
    ["'a'", "'a'\t'0o100600'\t'0:0'\t6"],
    ["'c'", "'c'\t'0o100644'\t'0:0'\t5"],
  ])
  t.deepEqual(differences(left, right), [
    "'a': mode '0o100644' <> '0o100600', size 5 <> 6",
    "'b': only here",
  ])
})
