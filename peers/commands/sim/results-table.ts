// What runs came to, for a person: one line each.
import { type Entry, labelOf, ratioOf } from '../../../sim/report/entry.ts'
import { formatBytes, formatCount, formatDuration } from '../options/quantities.ts'
import { renderTable } from '../table.ts'

const HEAD = [
  'nodes',
  'way',
  'p50',
  'p99',
  'last',
  '÷ bound',
  'reads/block',
  'lists/dir',
  'source calls',
  'source bytes',
  'messages/node',
  'most',
  'sent/node',
  'most',
  'ahead/node',
  'unused',
  'failed',
  'dead',
]

export function resultsTable(entries: readonly Entry[]): string {
  const rows = entries.map((entry) => rowOf(entry, labelOf(entry, entries)))
  return renderTable(HEAD, rows)
}

function rowOf(entry: Entry, label: string): (string | number)[] {
  const { result } = entry
  const { finishMs, source, sentMessages, sentBytes } = result
  const { readdir, stat, open, read } = source
  const failed = Object.entries(result.errors).map(([code, count]) => `${code} ${count}`)
  return [
    result.nodes,
    result.isComplete ? label : `${label} (ended early)`,
    formatDuration(finishMs.p50),
    formatDuration(finishMs.p99),
    formatDuration(finishMs.last),
    ratioOf(entry)?.toFixed(2) ?? '–',
    source.readsABlock.toFixed(2),
    source.listsADirectory.toFixed(2),
    formatCount(readdir + stat + open + read),
    formatBytes(source.bytes),
    formatCount(Math.round(sentMessages.mean)),
    formatCount(sentMessages.max),
    formatBytes(sentBytes.mean),
    formatBytes(sentBytes.max),
    formatCount(Math.round(result.ahead.blocks.mean)),
    formatBytes(result.ahead.unusedBytes.mean),
    failed.join(', ') || 0,
    result.deadNodes,
  ]
}
