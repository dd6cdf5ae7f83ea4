// From entries to the lines of a picture: one for each way, over the number of nodes.
import type { ExperimentResult } from '../experiment.ts'
import { type Entry, labelOf } from './entry.ts'

export type Point = readonly [x: number, y: number]
export type Line = { readonly name: string; readonly points: readonly Point[] }

/** Most points of one line: a picture has no more pixels. */
const POINTS_MAX = 256

/** A value of each run over its number of nodes; several seeds give their worst. */
export function overNodes(
  entries: readonly Entry[],
  valueOf: (entry: Entry) => number | undefined,
): Line[] {
  const lines = new Map<string, Map<number, number>>()
  for (const entry of entries) {
    const value = valueOf(entry)
    if (value === undefined || !Number.isFinite(value)) continue
    const label = labelOf(entry, entries)
    const points = lines.get(label) ?? new Map<number, number>()
    lines.set(label, points)
    const { nodes } = entry.result
    points.set(nodes, Math.max(value, points.get(nodes) ?? -Infinity))
  }
  return [...lines].map(([name, points]) => ({
    name,
    points: [...points].toSorted(([a], [b]) => a - b),
  }))
}

/** The bound over the number of nodes, by its name. */
export function boundLines(entries: readonly Entry[]): Line[] {
  const lines = new Map<string, Map<number, number>>()
  for (const { bound, result } of entries) {
    if (bound === undefined) continue
    const points = lines.get(bound.name) ?? new Map<number, number>()
    lines.set(bound.name, points.set(result.nodes, bound.ms))
  }
  return [...lines].map(([name, points]) => ({
    name: `bound: ${name}`,
    points: [...points].toSorted(([a], [b]) => a - b),
  }))
}

/** Which share of all nodes had finished by then, in seconds; who never did is missing above. */
export function finishedBy({ finishes }: ExperimentResult): Point[] {
  const done = finishes.filter((ms) => ms !== null).toSorted((a, b) => a - b)
  const step = Math.max(1, Math.floor(done.length / POINTS_MAX))
  const points = done.map((ms, i): Point => [ms / 1000, (i + 1) / finishes.length])
  return points.filter((_, i) => i % step === 0 || i === points.length - 1)
}
