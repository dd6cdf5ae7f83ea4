// The test command's second half (test/run is the first): runs every check in turn and counts what
// really ran. Each tool counts as one check, each AVA test as one, each kind of thing that the tests
// may have left behind as one. It must never end without its closing line, nor count as passed what
// did not run.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runAva } from './ava.ts'
import { findLeftovers, removeLeftovers } from './leftovers.ts'
import { addCounts, type Counts, noCounts } from './counts.ts'
import { runTool } from './tool.ts'

const FOLDERS = ['src', 'peers', 'fuse', 'sim', 'test']

/** @param given test files, none for all; `--long` first for the suite of those that take minutes */
async function main(given: readonly string[]): Promise<Counts> {
  const counts = noCounts()
  const isLong = given[0] === '--long'
  const files = isLong ? given.slice(1) : given
  if (given.length === 0) {
    addCounts(counts, await runTool('types', ['tsc', '--noEmit']))
    addCounts(counts, await runTool('lint', ['oxlint', '--type-aware']))
    addCounts(counts, await runTool('format', ['oxfmt', '--check', ...FOLDERS]))
  }
  // A short path of our own for all temporary files (Unix sockets allow 107 bytes): what is there at
  // the end was left behind. The mark in the environment finds processes wherever they went.
  const folder = mkdtempSync(join(tmpdir(), 'pot-'))
  // Open to all as /tmp is: some tests are of ordinary users.
  chmodSync(folder, 0o1777)
  const mark = `POTLUCK_TEST_RUN=${folder}`
  try {
    addCounts(
      counts,
      await runAva({ files, isLong }, { ...process.env, TMPDIR: folder, POTLUCK_TEST_RUN: folder }),
    )
    addCounts(counts, await findLeftovers({ folder, mark }))
  } finally {
    await removeLeftovers({ folder, mark })
    rmSync(folder, { recursive: true, force: true })
  }
  return counts
}

let counts: Counts
try {
  counts = await main(process.argv.slice(2))
} catch (error) {
  console.log('the test command itself failed:', error)
  counts = { passed: 0, failed: 1, skipped: 0 }
}
if (counts.skipped > 0) console.log(`${counts.skipped} skipped (reasons above)`)
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0
console.log(`${counts.passed} passed, ${counts.failed} failed`)
