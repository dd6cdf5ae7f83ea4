// `potluck sim heat`: does a data set larger than a node stay in the mesh, and what is hot in its place?
import { writeFileSync } from 'node:fs'
import type { Figure } from '../../../sim/report/figures.ts'
import type { HeatRunResult } from '../../../sim/heat/heat-result.ts'
import { runHeat } from '../../../sim/heat/heat-run.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import { HEAT } from '../../../src/node/heat/heat-status.ts'
import { outputFile } from '../output-file.ts'
import { picturesPage } from '../pictures-page.ts'
import { formatBytes, formatCount, formatDuration } from '../options/quantities.ts'
import { progressBar } from '../progress.ts'
import { renderTable } from '../table.ts'
import type { Terminal } from '../terminal.ts'

export type HeatFlags = {
  readonly nodes: number
  readonly seed: string
  readonly draws: number
  readonly halfLife: number
  readonly pinAbove: number
  readonly json?: boolean
  readonly report?: string
}

const PHASES = 4

/** @throws PotluckError where a checker spoke, or a read failed */
export async function runHeatSim(flags: HeatFlags, terminal: Terminal): Promise<void> {
  const { nodes, seed, draws, halfLife: halfLifeMs, pinAbove } = flags
  const unpinBelow = pinAbove * (HEAT.unpinBelow / HEAT.pinAbove)
  const report = flags.report && outputFile('--report', flags.report, terminal.cwd)
  const bar = progressBar(terminal, `heat on ${nodes} nodes`)
  let phases = 0
  const onPhase = (phase: string) => bar.update(phases++, PHASES, phase)
  const heat = { halfLifeMs, pinAbove, unpinBelow }
  const result = await runHeat({ seed, nodes, draws, heat, onPhase }).finally(() => bar.stop())
  terminal.out(flags.json === true ? `${JSON.stringify(result)}\n` : textOf(result))
  if (report !== undefined) {
    const page = await picturesPage('Potluck: simulated heat', figuresOf(result), textOf(result))
    writeFileSync(report, page)
  }
  const { violations, failures } = result
  if (violations.length + failures === 0) return
  throw new PotluckError(
    'EIO',
    `${failures} reads failed; ${violations[0]?.what ?? 'no checker spoke'}`,
  )
}

function textOf(result: HeatRunResult): string {
  const { nodes, blocks, dataBytes, ramBytesANode, draws, sentBytes, hash } = result
  const data = `${formatCount(blocks)} files, ${formatBytes(dataBytes)}`
  const rows = [
    ['source reads a block, first pass', result.firstPassReads.toFixed(3)],
    [`source reads ÷ blocks, ${draws} zipf reads a node later`, result.laterReads.toFixed(4)],
    ['bytes sent by the busiest node ÷ mean', result.busiest.toFixed(2)],
    ['bytes sent by a node, mean', formatBytes(sentBytes.mean)],
    ['a file turned hot: pinned on all nodes after', formatDuration(result.pinnedAfterMs)],
    ['copies of each of its blocks', formatCount(result.copies)],
    ['its blocks lost in a scan', formatCount(result.lostInScan)],
    ['source reads for its blocks', `${result.hotSourceReads} of ${result.hotBlocks}`],
    ['cold: let go after', formatDuration(result.letGoAfterMs)],
  ]
  const head = `${nodes} nodes of ${formatBytes(ramBytesANode)}, a data set of ${data}\n`
  return `${head}\n${renderTable(['', 'result'], rows)}\nhash ${hash}\n`
}

function figuresOf({ curve }: HeatRunResult): Figure[] {
  const points = (value: (sample: HeatRunResult['curve'][number]) => number) =>
    curve.map((sample): [number, number] => [sample.atMs / 1000, value(sample)])
  const x = { name: 'seconds', scale: 'linear' } as const
  return [
    {
      title: 'A file turns hot and cools',
      caption: 'Uses a second in the mesh, as its keeper knows it.',
      x,
      y: { name: 'uses a second', scale: 'linear' },
      lines: [{ name: 'uses a second', points: points(({ perSecond }) => perSecond) }],
      dashed: [],
    },
    {
      title: 'Pinned',
      caption: 'Nodes that know of the pin, and blocks held because of it.',
      x,
      y: { name: 'nodes, blocks', scale: 'linear' },
      lines: [
        { name: 'nodes', points: points(({ nodes }) => nodes) },
        { name: 'blocks', points: points(({ blocks }) => blocks) },
      ],
      dashed: [],
    },
  ]
}
