// Who carries the load: the source, and each node of the others.
import type { Entry } from './entry.ts'
import type { Figure } from './figures.ts'
import { type Line, overNodes } from './lines.ts'

const MIB = 2 ** 20

type Spread = { readonly mean: number; readonly max: number }

export function loadFigures(entries: readonly Entry[]): Figure[] {
  const sent = ({ result: { sentBytes } }: Entry) => ({
    mean: sentBytes.mean / MIB,
    max: sentBytes.max / MIB,
  })
  return [
    figure('Reads of the source for each block', 'reads a block', {
      caption: '1 is the least: the storage hands out every byte once.',
      lines: overNodes(entries, ({ result }) => positive(result.source.readsABlock)),
    }),
    figure('Bytes that the source hands out', 'MiB', {
      caption: 'To all nodes together.',
      lines: overNodes(entries, ({ result }) => positive(result.source.bytes / MIB)),
    }),
    figure('Bytes that a node sends to others', 'MiB', {
      caption: 'Mean, and most of one node: where they are apart, the load is uneven.',
      lines: spread(entries, sent),
    }),
    figure('Messages that a node sends', 'messages', {
      caption: 'Requests and replies: mean, and most of one node.',
      lines: spread(entries, ({ result }) => result.sentMessages),
    }),
  ]
}

function figure(
  title: string,
  unit: string,
  shape: { readonly caption: string; readonly lines: readonly Line[] },
): Figure {
  const x = { name: 'nodes', scale: 'log' } as const
  return { title, x, y: { name: unit, scale: 'log' }, dashed: [], ...shape }
}

function spread(entries: readonly Entry[], of: (entry: Entry) => Spread): Line[] {
  return (['mean', 'max'] as const).flatMap((kind) =>
    overNodes(entries, (entry) => positive(of(entry)[kind])).map(({ name, points }) => ({
      name: `${name}, ${kind}`,
      points,
    })),
  )
}

/** A log axis has no place for 0. */
function positive(value: number): number | undefined {
  return value > 0 ? value : undefined
}
