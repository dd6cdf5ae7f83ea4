// Heat over the last half hour as one HTML file: two pictures and the table. Nothing is loaded by it.
import { draw } from '../../../sim/report/draw.ts'
import type { Figure } from '../../../sim/report/figures.ts'
import type { HeatStatus } from '../../../src/node/heat/heat-status.ts'
import { heatText } from './heat-table.ts'

const FILES = 7

export function heatPage(heat: HeatStatus): Promise<string> {
  return picturesPage('Potluck: heat', [ratesOf(heat), pinnedOf(heat)], heatText(heat))
}

/** A page of pictures with a text below. */
export async function picturesPage(
  title: string,
  figures: readonly Figure[],
  text: string,
): Promise<string> {
  const pictures = await draw(figures)
  const shown = figures.map(({ title: name, caption }, i) => {
    const words = `<figcaption><b>${name}</b> ${caption}</figcaption>`
    return `<figure>${pictures[i] ?? ''}${words}</figure>`
  })
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<style>body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem } figure { margin: 0 0 2rem }</style>
</head><body><h1>${title}</h1>
${shown.join('\n')}
<pre>${escape(text)}</pre>
</body></html>
`
}

/** The files that were hottest at any time, and the thresholds. */
function ratesOf(heat: HeatStatus): Figure {
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

function pinnedOf(heat: HeatStatus): Figure {
  const points = (value: (pinnedBytes: number) => number) =>
    heat.samples.map(({ atMs, pinnedBytes }): [number, number] => [
      minutesAgo(heat, atMs),
      value(pinnedBytes) / 2 ** 20,
    ])
  return {
    title: 'Pinned on this node',
    caption: 'Dashed: the share of RAM that pins may have.',
    x: { name: 'minutes', scale: 'linear' },
    y: { name: 'MiB', scale: 'linear' },
    lines: [{ name: 'pinned', points: points((bytes) => bytes) }],
    dashed: [{ name: 'at most', points: points(() => heat.pinCapacityBytes) }],
  }
}

function minutesAgo({ samples }: HeatStatus, atMs: number): number {
  return (atMs - (samples.at(-1)?.atMs ?? atMs)) / 60_000
}

function escape(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' }
  return text.replaceAll(/[&<>"]/g, (character) => `&${names[character] ?? ''};`)
}
