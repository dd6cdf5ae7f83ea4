// What is hot as a table with bars, for a person.
import type { HeatStatus, HotFile } from '../../../src/node/heat/heat-status.ts'
import { formatBytes, formatCount, formatDuration } from '../options/quantities.ts'
import { printable, renderTable } from '../table.ts'

const BAR = 24
/** Uses a second that two decimals show. */
const LEAST = 0.005
const ROWS = 20
/** What stands above and below the rows. */
const OTHER_LINES = 7

/** @param lines how many a terminal has */
export function heatText(heat: HeatStatus, lines = ROWS + OTHER_LINES): string {
  const { pinnedBytes, pinCapacityBytes, wishes } = heat
  const seen = heat.files.filter((file) => file.copies > 0 || file.meshPerSecond >= LEAST)
  const shown = seen.slice(0, Math.max(3, lines - OTHER_LINES))
  const most = Math.max(...shown.map((file) => file.meshPerSecond), heat.pinAbove)
  const rows = shown.map((file) => [
    bar(file.meshPerSecond / most),
    rateText(file.meshPerSecond),
    rateText(file.herePerSecond),
    pinText(file),
    file.copies > 0 ? formatBytes(file.sizeBytes) : '',
    `${file.volume}:${printable(file.path)}`,
  ])
  const above = `pinned above ${rateText(heat.pinAbove)}, let go below ${rateText(heat.unpinBelow)}`
  const used = `${formatBytes(pinnedBytes)} of ${formatBytes(pinCapacityBytes)} for pins here`
  const hidden = heat.isTight ? '' : '; RAM has room, so what kernels have is not counted'
  const hands = wishes.map(
    ({ volume, path }) => `${volume.replace(/@\d+$/, '')}:${printable(path)}`,
  )
  return [
    `${above}; half-life ${formatDuration(heat.halfLifeMs)}${hidden}\n`,
    `${used}; by hand: ${hands.length === 0 ? 'nothing' : hands.slice(0, 8).join(', ')}\n\n`,
    renderTable(['mesh', 'uses/s', 'here/s', 'pinned', 'size', 'file'], rows, ['pinned', 'file']),
  ].join('')
}

/** As wide as its share of the largest, in eighths of a character. */
function bar(share: number): string {
  const eighths = Math.round(Math.min(1, share) * BAR * 8)
  const rest = ' ▏▎▍▌▋▊▉'.charAt(eighths % 8).trim()
  return ('█'.repeat(Math.floor(eighths / 8)) + rest).padEnd(BAR)
}

function rateText(perSecond: number): string {
  if (perSecond < LEAST) return '-'
  return perSecond < 10 ? perSecond.toFixed(2) : formatCount(Math.round(perSecond))
}

function pinText({ pinnedFor, copies, blocksHeld }: HotFile): string {
  if (pinnedFor.length === 0) return ''
  const why = pinnedFor.map((cause) => (cause === 'wish' ? 'by hand' : 'hot')).join(', ')
  return `${why} ×${copies}${blocksHeld > 0 ? `, ${blocksHeld} here` : ''}`
}
