// The curves that choose a parameter's value: for each one that was set to several, the time of the last
// node over it, all else the same.
import { parseSetting } from '../parameters/settings.ts'
import type { Entry } from './entry.ts'
import type { Figure } from './figures.ts'
import type { Line, Point } from './lines.ts'

export function tuningFigures(entries: readonly Entry[]): Figure[] {
  const settings = entries.flatMap(({ plan }) => plan.settings.map(parseSetting))
  const names = [...new Set(settings.map(({ name }) => name))]
  return names.flatMap((name): Figure[] => {
    const values = new Set(settings.filter((each) => each.name === name).map(({ value }) => value))
    if (values.size < 2) return []
    return [
      {
        title: `Time until the last node is done, over ${name}`,
        caption: 'All other settings the same along a line. The lowest point chooses the value.',
        x: { name, scale: Math.min(...values) > 0 ? 'log' : 'linear' },
        y: { name: 'seconds', scale: 'linear' },
        lines: linesOver(name, entries),
        dashed: [],
      },
    ]
  })
}

function linesOver(name: string, entries: readonly Entry[]): Line[] {
  const lines = new Map<string, Point[]>()
  for (const { plan, result } of entries) {
    const settings = plan.settings.map(parseSetting)
    const own = settings.find((each) => each.name === name)
    if (own === undefined) continue
    const others = plan.settings.filter((setting) => parseSetting(setting).name !== name)
    const label = [`${plan.way} on ${plan.nodes}`, ...others].join(' ')
    const points = lines.get(label) ?? []
    lines.set(label, points)
    points.push([own.value, result.finishMs.last / 1000])
  }
  return [...lines]
    .filter(([, points]) => points.length > 1)
    .map(([label, points]) => ({ name: label, points: points.toSorted(([a], [b]) => a - b) }))
}
