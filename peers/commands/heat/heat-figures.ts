// Heat over the last half hour in pictures.
import type { Figure } from '../../../sim/report/figures.ts'
import type { HeatStatus } from '../../../src/node/heat/heat-status.ts'

const FILES = 7

/** How often the files that were hottest at any time were used, and the thresholds. */
export function ratesFigure(heat: HeatStatus): Figure {
  const most = new Map<string, number>()
  for (const { files } of heat.samples) {
    for (const { path, perSecond } of files) {
      most.set(path, Math.max(perSecond, most.get(path) ?? 0))
    }
  }
  const hottest = [...most].sort((a, b) => b[1] - a[1]).slice(0, FILES)
  const lines = hottest.map(([path]) => ({
    name: Buffer.from(path, 'latin1').toString('utf8').slice(-40),
    points: heat.samples.map(({ atMs, files }): [number, number] => [
      minutesAgo(heat, atMs),
      files.find((file) => file.path === path)?.perSecond ?? 0,
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

function minutesAgo({ samples }: HeatStatus, atMs: number): number {
  return (atMs - (samples.at(-1)?.atMs ?? atMs)) / 60_000
}
