// A trace in pictures: what a start had used by when.
import type { Figure } from '../../../sim/report/figures.ts'
import type { Trace, TraceEntry } from '../../../src/heat/trace.ts'
import { bytesOf } from './trace-text.ts'

const MIB = 2 ** 20

/** Names, files and bytes that had been used by when. */
export function traceFigures({ entries }: Trace): Figure[] {
  const x = { name: 'seconds after the start', scale: 'linear' } as const
  return [
    {
      title: 'Names and files over time',
      caption: 'A step to the right is a pause: the program worked, or waited for what it read.',
      x,
      y: { name: 'used for the first time', scale: 'linear' },
      lines: [
        { name: 'names', points: sums(entries, () => 1) },
        { name: 'files read', points: sums(entries, ({ ranges }) => Math.sign(ranges.length)) },
      ],
      dashed: [],
    },
    {
      title: 'Bytes over time',
      caption: 'All that is ever read of a file counts when it is first used.',
      x,
      y: { name: 'MiB', scale: 'linear' },
      lines: [{ name: 'read', points: sums(entries, (entry) => bytesOf(entry) / MIB) }],
      dashed: [],
    },
  ]
}

/** Of all entries up to each one. */
function sums(
  entries: readonly TraceEntry[],
  of: (entry: TraceEntry) => number,
): [number, number][] {
  let sum = 0
  return entries.map((entry) => [entry.afterMs / 1000, (sum += of(entry))])
}
