// The demo's last words: what each peer did, what the source saw, and the same without the mesh.
import { availableParallelism } from 'node:os'
import { type PeerStatus, TIERS } from '../../api/protocol.ts'
import { formatBytes, formatCount } from '../options/quantities.ts'
import { renderTable } from '../table.ts'
import type { Finished } from './readers.ts'
import type { TreeSize } from './tree.ts'

export type Outcome = {
  readonly tree: TreeSize
  readonly statuses: readonly PeerStatus[]
  readonly direct: readonly Finished[]
  readonly meshed: readonly Finished[]
}

/** Reads of data at all peers' sources together ÷ the tree's blocks. */
export function readsPerBlock({ tree, statuses }: Outcome): number {
  return sourceCount(statuses, 'reads') / Math.max(tree.blocks, 1)
}

function sourceCount(statuses: readonly PeerStatus[], kind: string): number {
  return sum(
    statuses.flatMap((status) => Object.values(status.sources).map((counts) => counts[kind] ?? 0)),
  )
}

export function reportText(outcome: Outcome): string {
  const note =
    `\nAll of it shares the ${availableParallelism()} cores of this machine: the counts at the source ` +
    'are what a cluster\nwould see, the seconds are not.\n'
  return `${peerTable(outcome)}\n${comparisonTable(outcome)}${note}`
}

function peerTable({ statuses, meshed }: Outcome): string {
  const rows = statuses.map((status, index) => {
    const tiers = TIERS.map((tier) => sum(status.node.volumes.map((volume) => volume.blocks[tier])))
    return [
      `peer ${index + 1}`,
      (meshed[index]?.seconds ?? 0).toFixed(1),
      ...tiers.map(formatCount),
      formatCount(sourceCount([status], 'reads')),
      formatBytes(status.node.counters['serve_bytes_total'] ?? 0),
      formatBytes(sum(status.node.volumes.map((volume) => volume.bytes.peer))),
      formatBytes(status.rssBytes),
    ]
  })
  const head = [
    '',
    'seconds',
    'from shard',
    'from peers',
    'from source',
    'source reads',
    'up',
    'down',
    'process',
  ]
  return renderTable(head, rows)
}

/**
 * Each reader alone makes one listing a directory, one `stat` a path, one read a block. The root's
 * names are stat'ed by readers and peers alike, those too of which nothing is read.
 */
function comparisonTable(outcome: Outcome): string {
  const { tree, statuses, direct, meshed } = outcome
  const readers = meshed.length
  const paths = tree.files + tree.directories + tree.symlinks + (tree.unread ?? 0)
  const perReader = { reads: tree.blocks, lists: tree.directories, stats: paths, bytes: tree.bytes }
  const row = (label: string, times: readonly Finished[], count: Counted): readonly string[] => [
    `${readers} readers, ${label}`,
    slowest(times).toFixed(1),
    formatCount(count.reads),
    ratio(count.reads, tree.blocks),
    ratio(count.lists, tree.directories),
    ratio(count.stats, paths),
    formatBytes(count.bytes),
  ]
  return renderTable(
    ['at the source', 'seconds', 'reads', 'a block', 'lists a directory', 'stats a path', 'bytes'],
    [
      row('mesh', meshed, countsOf(statuses)),
      row('direct', direct, {
        reads: readers * perReader.reads,
        lists: readers * perReader.lists,
        stats: readers * perReader.stats,
        bytes: readers * perReader.bytes,
      }),
    ],
  )
}

type Counted = {
  readonly reads: number
  readonly lists: number
  readonly stats: number
  readonly bytes: number
}

function countsOf(statuses: readonly PeerStatus[]): Counted {
  return {
    reads: sourceCount(statuses, 'reads'),
    lists: sourceCount(statuses, 'lists'),
    stats: sourceCount(statuses, 'storage_lstat'),
    bytes: sourceCount(statuses, 'bytes'),
  }
}

function ratio(count: number, of: number): string {
  return (count / Math.max(of, 1)).toFixed(2)
}

function slowest(readers: readonly Finished[]): number {
  return Math.max(0, ...readers.map((reader) => reader.seconds))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
