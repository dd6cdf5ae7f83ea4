// The demo's last words: what each peer did, what the source saw, and the same without the mesh.
import type { PeerStatus } from '../../api/protocol.ts'
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

const TIERS = ['shard', 'peer', 'source'] as const

/** Reads of data at all peers' sources together ÷ the tree's blocks. */
export function readsPerBlock({ tree, statuses }: Outcome): number {
  return sourceCount(statuses, 'reads') / Math.max(tree.blocks, 1)
}

export function sourceCount(statuses: readonly PeerStatus[], kind: string): number {
  return sum(
    statuses.flatMap((status) => Object.values(status.sources).map((counts) => counts[kind] ?? 0)),
  )
}

export function reportText(outcome: Outcome): string {
  return `${peerTable(outcome)}\n${comparisonTable(outcome)}`
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

function comparisonTable(outcome: Outcome): string {
  const { tree, statuses, direct, meshed } = outcome
  const readers = meshed.length
  const reads = sourceCount(statuses, 'reads')
  const lists = sourceCount(statuses, 'lists')
  return renderTable(
    [
      '',
      'seconds',
      'source reads',
      'a block',
      'directory reads',
      'a directory',
      'bytes from the source',
    ],
    [
      [
        `${readers} readers, mesh`,
        slowest(meshed).toFixed(1),
        formatCount(reads),
        readsPerBlock(outcome).toFixed(2),
        formatCount(lists),
        (lists / Math.max(tree.directories, 1)).toFixed(2),
        formatBytes(sourceCount(statuses, 'bytes')),
      ],
      [
        `${readers} readers, direct`,
        slowest(direct).toFixed(1),
        formatCount(readers * tree.blocks),
        readers.toFixed(2),
        formatCount(readers * tree.directories),
        readers.toFixed(2),
        formatBytes(readers * tree.bytes),
      ],
    ],
  )
}

function slowest(readers: readonly Finished[]): number {
  return Math.max(0, ...readers.map((reader) => reader.seconds))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
