// Which pictures a report has, as data: titles, axes, lines. Nothing is drawn here.
import { type Entry, labelOf, ratioOf } from './entry.ts'
import { boundLines, finishedBy, type Line, overNodes } from './lines.ts'
import { loadFigures } from './load-figures.ts'
import { tuningFigures } from './tuning-figures.ts'

export type Axis = { readonly name: string; readonly scale: 'log' | 'linear' }

export type Figure = {
  readonly title: string
  /** One sentence: what to look for. */
  readonly caption: string
  readonly x: Axis
  readonly y: Axis
  readonly lines: readonly Line[]
  /** Lines of something that is no way, such as a bound: dashed. */
  readonly dashed: readonly Line[]
}

const NODES: Axis = { name: 'nodes', scale: 'log' }

/** The pictures of one workload's entries; those that would be empty are left out. */
export function figuresOf(entries: readonly Entry[]): Figure[] {
  const figures = [
    ...tuningFigures(entries),
    ...timeFigures(entries),
    ...finishFigures(entries),
    ...loadFigures(entries),
  ]
  return figures.filter(({ lines }) => lines.some(({ points }) => points.length > 0))
}

function timeFigures(entries: readonly Entry[]): Figure[] {
  const seconds = ({ points, name }: Line): Line => ({
    name,
    points: points.map(([nodes, ms]) => [nodes, ms / 1000]),
  })
  return [
    {
      title: 'Time until the last node is done',
      caption: 'Level is good: the time does not grow with the number of nodes.',
      x: NODES,
      y: { name: 'seconds', scale: 'log' },
      lines: overNodes(entries, ({ result }) => result.finishMs.last / 1000),
      dashed: boundLines(entries).map(seconds),
    },
    {
      title: 'The same, as a multiple of the bound',
      caption: '1 is what no way can beat; what the bound assumes is in sim/bounds.',
      x: NODES,
      y: { name: 'time ÷ bound', scale: 'log' },
      lines: overNodes(entries, ratioOf),
      dashed: [],
    },
  ]
}

/** For the largest number of nodes that every way was run at, or else the largest of all. */
function finishFigures(entries: readonly Entry[]): Figure[] {
  const labels = new Set(entries.map((entry) => labelOf(entry, entries)))
  const counts = [...new Set(entries.map(({ result }) => result.nodes))].toSorted((a, b) => b - a)
  const waysAt = (nodes: number) =>
    new Set(
      entries
        .filter(({ result }) => result.nodes === nodes)
        .map((entry) => labelOf(entry, entries)),
    )
  const nodes = counts.find((count) => waysAt(count).size === labels.size) ?? counts[0]
  const shown = entries.filter(({ result }) => result.nodes === nodes)
  return [
    {
      title: `Nodes done by then, of ${nodes}`,
      caption: 'A steep line: all are ready together. One that ends low: some never were.',
      x: { name: 'seconds', scale: 'linear' },
      y: { name: 'share of nodes', scale: 'linear' },
      lines: shown.map((entry) => ({
        name: labelOf(entry, entries),
        points: finishedBy(entry.result),
      })),
      dashed: [],
    },
  ]
}
