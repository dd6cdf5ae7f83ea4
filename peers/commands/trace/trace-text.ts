// A trace as text, for a person.
import type { Trace, TraceEntry } from '../../../src/heat/trace.ts'
import { formatBytes, formatCount, formatDuration } from '../options/quantities.ts'
import { printable, renderTable } from '../table.ts'

const BUCKETS = 20
const BAR = 40

/** What was used when, as bars over time, and then each name. */
export function traceText({ name, command, recordedMs, entries }: Trace): string {
  const lastMs = entries.at(-1)?.afterMs ?? 0
  const width = Math.max(1, lastMs / BUCKETS)
  const buckets = Array.from({ length: BUCKETS }, () => ({ files: 0, bytes: 0 }))
  for (const entry of entries) {
    const bucket = buckets[Math.min(BUCKETS - 1, Math.floor(entry.afterMs / width))]
    if (bucket === undefined || entry.ranges.length === 0) continue
    bucket.files += 1
    bucket.bytes += bytesOf(entry)
  }
  const most = Math.max(1, ...buckets.map(({ bytes }) => bytes))
  const bars = buckets.map(({ files, bytes }, i) => [
    formatDuration(i * width),
    formatCount(files),
    formatBytes(bytes),
    '█'.repeat(Math.round((bytes / most) * BAR)),
  ])
  const rows = entries.map((entry) => [
    formatDuration(entry.afterMs),
    entry.isListed ? 'listed' : entry.ranges.length > 0 ? formatBytes(bytesOf(entry)) : '',
    printable(entry.path === '' ? '.' : entry.path),
  ])
  return [
    `${name}, of '${command}', ${new Date(recordedMs).toISOString()}\n`,
    renderTable(['from', 'files', 'read', ''], bars, ['']),
    renderTable(['at', 'read', 'path'], rows, ['path']),
  ].join('\n')
}

/** What is read of a file. */
export function bytesOf({ ranges }: TraceEntry): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0)
}
