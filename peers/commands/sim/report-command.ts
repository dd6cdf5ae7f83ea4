// `--report` and `potluck sim report`: a page for people, and beside it the same as JSON, out of which
// other pages can be made.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Entry, parseReport, type Report } from '../../../sim/report/entry.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import { usageError } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'

/** Writes FILE.html and FILE.json. @throws PotluckError where a file can't be written */
export async function writeReport(
  file: string,
  entries: readonly Entry[],
  terminal: Terminal,
): Promise<void> {
  const report: Report = { version: 1, entries }
  const page = path.resolve(terminal.cwd, file)
  const beside = besideOf(page)
  const { renderPage } = await import('../../../sim/report/page.ts')
  writeFileSync(beside, `${JSON.stringify(report)}\n`)
  writeFileSync(page, await renderPage(report))
}

/** Where the JSON of a page goes. @throws CommanderError where that is the page's own place */
export function besideOf(page: string): string {
  const beside = `${page.slice(0, page.length - path.extname(page).length)}.json`
  if (beside === page) throw usageError(`the page can't be '${page}': its JSON goes there`)
  return beside
}

/** One page of the runs of all. @throws CommanderError, PotluckError for a file that is no report */
export async function mergeReports(
  files: readonly string[],
  out: string,
  terminal: Terminal,
): Promise<void> {
  const entries = files.flatMap((file) => read(path.resolve(terminal.cwd, file)).entries)
  await writeReport(out, entries, terminal)
  terminal.err(`${entries.length} runs in ${out}\n`)
}

function read(file: string): Report {
  try {
    return parseReport(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof RangeError) throw usageError(`${file} ${error.message}`)
    if (error instanceof SyntaxError) throw usageError(`${file} is not JSON`)
    throw new PotluckError('EIO', `the report ${file} can't be read`, { cause: error })
  }
}
