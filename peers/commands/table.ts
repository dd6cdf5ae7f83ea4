// Plain tables for people: columns aligned, no boxes, so that they can be cut and pasted.
import Table from 'cli-table3'

const LINES =
  'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right ' +
  'left left-mid mid mid-mid right right-mid'
const NO_LINES = Object.fromEntries(LINES.split(' ').map((place) => [place, '']))

export type Cell = string | number

/**
 * The first column to the left, numbers to the right. Ends with a newline.
 *
 * @param words heads of the other columns that hold words: to the left, too
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  words: readonly string[] = [],
): string {
  const table = new Table({
    head: [...head],
    chars: { ...NO_LINES, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((name, i) => (i === 0 || words.includes(name) ? 'left' : 'right')),
  })
  table.push(...rows.map((row) => row.map(String)))
  const lines = table.toString().split('\n')
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

/** A byte string as text, whatever it has that a terminal would obey. */
export function printable(bytes: string): string {
  return Buffer.from(bytes, 'latin1')
    .toString('utf8')
    .replaceAll(/[\p{Cc}]/gu, '?')
}
