// A report's table: the same columns for the terminal and for the page.
import { type Entry, labelOf, ratioOf } from './entry.ts'

const MIB = 2 ** 20

export const HEAD = [
  'way',
  'nodes',
  'p50 s',
  'p99 s',
  'last s',
  'last ÷ bound',
  'last ÷ direct',
  'reads/block',
  'source calls',
  'source MiB',
  'messages/node',
  'most',
  'sent MiB/node',
  'most',
  'held MiB/node',
  'most',
  'ahead/node',
  'unused MiB/node',
  'failed',
] as const

/** By workload, nodes and way, in the order in which they were run. */
export function rowsOf(entries: readonly Entry[]): string[][] {
  return entries
    .toSorted((a, b) => a.result.nodes - b.result.nodes)
    .map((entry) => rowOf(entry, entries))
}

function rowOf(entry: Entry, entries: readonly Entry[]): string[] {
  const { nodes, finishMs, source, sentMessages, sentBytes, heldBytes, ahead } = entry.result
  const { readdir, stat, open, read } = source
  const directMs = directOf(entry, entries)?.result.finishMs.last
  const failed = Object.values(entry.result.errors).reduce((sum, count) => sum + count, 0)
  const early = entry.result.isComplete ? '' : ' (ended early)'
  return [
    labelOf(entry, entries) + early,
    whole(nodes),
    ...[finishMs.p50, finishMs.p99, finishMs.last].map((ms) => (ms / 1000).toFixed(3)),
    fixed(ratioOf(entry)),
    fixed(directMs === undefined ? undefined : finishMs.last / directMs),
    source.readsABlock.toFixed(2),
    whole(readdir + stat + open + read),
    whole(source.bytes / MIB),
    whole(sentMessages.mean),
    whole(sentMessages.max),
    whole(sentBytes.mean / MIB),
    whole(sentBytes.max / MIB),
    whole(heldBytes.mean / MIB),
    whole(heldBytes.max / MIB),
    whole(ahead.blocks.mean),
    whole(ahead.unusedBytes.mean / MIB),
    whole(failed),
  ]
}

/** The run that read the source directly, at the same size and from the same seed. */
function directOf({ plan }: Entry, entries: readonly Entry[]): Entry | undefined {
  return entries.find(
    (each) =>
      each.result.way === 'direct' &&
      each.plan.workload === plan.workload &&
      each.plan.nodes === plan.nodes &&
      each.plan.seed === plan.seed,
  )
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function fixed(value: number | undefined): string {
  // A run that was ended early may have no time at all.
  return value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(2)
}
