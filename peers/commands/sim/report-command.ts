// `--report` and `potluck sim report`: a page for people, and beside it the same as JSON, out of which
// other pages can be made.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Entry, parseReport, type Report } from '../../../sim/report/entry.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import { usageError } from '../exit-codes.ts'
import { outputFile } from '../output-file.ts'
import type { Terminal } from '../terminal.ts'

/** Where a page and its JSON go. */
type Page = { readonly html: string; readonly json: string }

/** @throws CommanderError where the page can't be, or would be its own JSON */
export function pageAt(option: string, file: string, { cwd }: Terminal): Page {
  const html = outputFile(option, file, cwd)
  const json = `${html.slice(0, html.length - path.extname(html).length)}.json`
  if (json === html) throw usageError(`${option}: the page can't be '${file}': its JSON goes there`)
  return { html, json }
}

export async function writeReport({ html, json }: Page, entries: readonly Entry[]): Promise<void> {
  const report: Report = { version: 1, entries }
  const { renderPage } = await import('../../../sim/report/page.ts')
  writeFileSync(json, `${JSON.stringify(report)}\n`)
  writeFileSync(html, await renderPage(report))
}

/** One page of the runs of all. @throws CommanderError, PotluckError for a file that is no report */
export async function mergeReports(
  files: readonly string[],
  out: string,
  terminal: Terminal,
): Promise<void> {
  const page = pageAt('--out', out, terminal)
  const entries = files.flatMap((file) => read(path.resolve(terminal.cwd, file)).entries)
  await writeReport(page, entries)
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
