// Heat over the last half hour in pictures.
import type { Figure } from '../../../sim/report/figures.ts'
import type { HeatSample } from '../../../src/heat/rates/heat-history.ts'
import type { HeatStatus } from '../../../src/node/heat/heat-status.ts'

const FILES = 7
const NAME_SHOWN = 40

/** How often the files that were hottest at any time were used, and the thresholds. */
export function ratesFigure(heat: HeatStatus): Figure {
  const most = new Map<string, number>()
  for (const file of heat.samples.flatMap(({ files }) => files)) {
    const name = nameOf(file)
    most.set(name, Math.max(file.perSecond, most.get(name) ?? 0))
  }
  const hottest = [...most].sort((a, b) => b[1] - a[1]).slice(0, FILES)
  const lines = hottest.map(([name]) => ({
    name: Buffer.from(name, 'latin1').toString('utf8').slice(-NAME_SHOWN),
    points: heat.samples.map(({ atMs, files }): [number, number] => [
      minutesAgo(heat, atMs),
      files.find((file) => nameOf(file) === name)?.perSecond ?? 0,
    ]),
  }))
  const threshold = (name: string, value: number) => ({
    name,
    points: heat.samples.map(({ atMs }): [number, number] => [minutesAgo(heat, atMs), value]),
  })
  return {
    title: 'Uses a second in the mesh',
    caption: 'Dashed: from where on a file is pinned, and below which it is let go.',
    x: { name: 'minutes', scale: 'linear' },
    y: { name: 'uses a second', scale: 'linear' },
    lines,
    dashed: [threshold('pinned above', heat.pinAbove), threshold('let go below', heat.unpinBelow)],
  }
}

/** As in the table: volumes may well have files of the same path. */
function nameOf({ volume, path }: HeatSample['files'][number]): string {
  return `${volume}:${path}`
}

function minutesAgo({ samples }: HeatStatus, atMs: number): number {
  return (atMs - (samples.at(-1)?.atMs ?? atMs)) / 60_000
}
