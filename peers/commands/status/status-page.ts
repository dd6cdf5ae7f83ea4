// What a peer says of itself, for people: its tables, and its last half hour in pictures as one HTML
// file. Only what the peer's API answered is shown, never counted again. Whatever a file is called, it
// must stay text there.
import type { StatusSample } from '../../api/history/status-history.ts'
import { type PeerStatus, TIERS } from '../../api/protocol.ts'
import type { Figure } from '../../../sim/report/figures.ts'
import type { HeatStatus } from '../../../src/node/heat/heat-status.ts'
import { ratesFigure } from '../heat/heat-figures.ts'
import { heatText } from '../heat/heat-table.ts'
import { picturesPage } from '../pictures-page.ts'
import { statusText } from './status-table.ts'

const MIB = 2 ** 20
const X = { name: 'minutes', scale: 'linear' } as const

export type Shown = {
  readonly status: PeerStatus
  readonly samples: readonly StatusSample[]
  /** Undefined where uses are not counted. */
  readonly heat: HeatStatus | undefined
}

export function statusPage({ status, samples, heat }: Shown): Promise<string> {
  const figures = [
    bytesFigure(samples),
    memoryFigure(status, samples),
    peersFigure(samples),
    ...(heat === undefined ? [] : [ratesFigure(heat)]),
  ]
  const text = heat === undefined ? [statusText(status)] : [statusText(status), heatText(heat)]
  return picturesPage(`Potluck: ${status.node.peer}`, figures, text.join('\n'))
}

/** Of each step between two samples. */
function bytesFigure(samples: readonly StatusSample[]): Figure {
  const rate = (sample: StatusSample, i: number, tier: keyof StatusSample['bytes']) => {
    const before = samples[i]
    if (before === undefined) return 0
    const seconds = Math.max(sample.atMs - before.atMs, 1) / 1000
    return (sample.bytes[tier] - before.bytes[tier]) / MIB / seconds
  }
  return {
    title: 'Read, by where it came from',
    caption: 'What the kernel had itself is not seen. A warm node reads from its shard alone.',
    x: X,
    y: { name: 'MiB/s', scale: 'linear' },
    lines: TIERS.map((tier) => ({
      name: tier,
      points: samples
        .slice(1)
        .map((sample, i): [number, number] => [minutesOf(samples, sample), rate(sample, i, tier)]),
    })),
    dashed: [],
  }
}

function memoryFigure({ node }: PeerStatus, samples: readonly StatusSample[]): Figure {
  const line = (name: string, bytesOf: (sample: StatusSample) => number) => ({
    name,
    points: samples.map((sample): [number, number] => [
      minutesOf(samples, sample),
      bytesOf(sample) / MIB,
    ]),
  })
  return {
    title: 'Memory',
    caption: 'Dashed: the most that cached blocks may have, the pinned ones among them.',
    x: X,
    y: { name: 'MiB', scale: 'linear' },
    lines: [
      line('blocks', ({ usedBytes }) => usedBytes),
      line('pinned of them', ({ pinnedBytes }) => pinnedBytes),
      line('dirty', ({ dirtyBytes }) => dirtyBytes),
    ],
    dashed: [line('at most', () => node.ram.capacityBytes)],
  }
}

function peersFigure(samples: readonly StatusSample[]): Figure {
  return {
    title: 'Other peers in sight',
    caption: 'A step down is a peer that left, or was found gone.',
    x: X,
    y: { name: 'peers', scale: 'linear' },
    lines: [
      {
        name: 'peers',
        points: samples.map((each): [number, number] => [minutesOf(samples, each), each.peers]),
      },
    ],
    dashed: [],
  }
}

/** Before the last one. */
function minutesOf(samples: readonly StatusSample[], { atMs }: StatusSample): number {
  return (atMs - (samples.at(-1)?.atMs ?? atMs)) / 60_000
}
