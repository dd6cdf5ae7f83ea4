// What runs came to, for a person: one line each.
import type { ExperimentResult } from '../../../sim/experiment.ts'
import { formatBytes, formatCount, formatDuration } from '../options/quantities.ts'
import { renderTable } from '../table.ts'

const HEAD = [
  'nodes',
  'way',
  'p50',
  'p99',
  'last',
  'reads/block',
  'lists/dir',
  'source calls',
  'source bytes',
  'messages/node',
  'most',
  'sent/node',
  'most',
  'failed',
  'dead',
]

export function resultsTable(results: readonly ExperimentResult[]): string {
  return renderTable(HEAD, results.map(rowOf))
}

function rowOf(result: ExperimentResult): (string | number)[] {
  const { finishMs, source, sentMessages, sentBytes } = result
  const { readdir, stat, open, read } = source
  const failed = Object.entries(result.errors).map(([code, count]) => `${code} ${count}`)
  return [
    result.nodes,
    result.isComplete ? result.way : `${result.way} (ended early)`,
    formatDuration(finishMs.p50),
    formatDuration(finishMs.p99),
    formatDuration(finishMs.last),
    source.readsABlock.toFixed(2),
    source.listsADirectory.toFixed(2),
    formatCount(readdir + stat + open + read),
    formatBytes(source.bytes),
    formatCount(Math.round(sentMessages.mean)),
    formatCount(sentMessages.max),
    formatBytes(sentBytes.mean),
    formatBytes(sentBytes.max),
    failed.join(', ') || 0,
    result.deadNodes,
  ]
}
