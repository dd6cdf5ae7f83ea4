// A peer's status as tables for a person.
import { type PeerStatus, TIERS } from '../../api/protocol.ts'
import type { TierCounts, VolumeStatus } from '../../../src/node/mesh-node.ts'
import { formatBytes, formatCount, formatCountOf, formatDuration } from '../options/quantities.ts'
import { renderTable } from '../table.ts'

type Tier = keyof TierCounts

/**
 * @param before an earlier status of the same peer: rates are then of the time between the two,
 *   else of the peer's whole life
 */
export function statusText(now: PeerStatus, before?: PeerStatus): string {
  const { node } = now
  const { p50, p99, max } = node.fetchMs
  const lines = [
    `peer     ${node.peer}  (mesh ${now.mesh}, pid ${now.pid}, up ${formatDuration(node.upMs)})`,
    `mesh     ${formatCountOf(node.peers + 1, 'peer')}, this one included`,
    `RAM      ${ramText(now)}`,
    ...dirtyLines(now),
    ...pinLines(now),
    `fetch    p50 ${formatDuration(p50)}, p99 ${formatDuration(p99)}, max ${formatDuration(max)}`,
    ...now.addresses.map((address) => `address  ${address}`),
  ]
  const parts = [lines.join('\n') + '\n', volumeTable(now), tierTable(now, before)]
  return parts.join('\n')
}

function ramText({ node: { ram }, rssBytes }: PeerStatus): string {
  const used = `${formatBytes(ram.usedBytes)} of ${formatBytes(ram.capacityBytes)}`
  return `${used} in ${formatCount(ram.blocks)} blocks; process ${formatBytes(rssBytes)}`
}

/** Only where something was written that the source has not yet. */
function dirtyLines({ node: { dirty } }: PeerStatus): readonly string[] {
  if (dirty.bytes + dirty.copyBytes === 0) return []
  const own = `${formatBytes(dirty.bytes)} in ${formatCountOf(dirty.files, 'file')}`
  return [
    `dirty    ${own} not on the source yet; copies for others ${formatBytes(dirty.copyBytes)}`,
  ]
}

/** Only where something is pinned. */
function pinLines({ pins }: PeerStatus): readonly string[] {
  if (pins === undefined || pins.files === 0) return []
  const here = `${formatBytes(pins.bytes)} of ${formatBytes(pins.capacityBytes)} here`
  const files = formatCountOf(pins.files, 'file')
  return [`pinned   ${files} in the mesh; ${here}`]
}

function volumeTable(now: PeerStatus): string {
  const rows = now.node.volumes.map((volume) => {
    const counts = now.sources[volume.name]
    const mounts = now.mounts.filter((mount) => mount.volume === volume.name)
    return [
      volume.name,
      volume.coherence,
      formatBytes(volume.blockBytes),
      mounts.map((mount) => mount.mountPoint).join(' ') || '-',
      counts === undefined ? 'not here' : formatCount(counts['reads'] ?? 0),
      counts === undefined ? '-' : formatBytes(counts['bytes'] ?? 0),
    ]
  })
  return renderTable(
    ['volume', 'coherence', 'block', 'mount', 'source reads', 'source bytes'],
    rows,
  )
}

function tierTable(now: PeerStatus, before: PeerStatus | undefined): string {
  const seconds = Math.max((now.node.upMs - (before?.node.upMs ?? 0)) / 1000, 0.001)
  const rows = now.node.volumes.flatMap((volume) => {
    const earlier = before?.node.volumes.find((each) => each.name === volume.name)
    const total = TIERS.reduce((sum, tier) => sum + volume.blocks[tier], 0)
    return TIERS.map((tier) => tierRow({ volume, earlier, tier, total, seconds }))
  })
  return renderTable(['hits', 'from', 'blocks', 'share', 'bytes', 'blocks/s', 'bytes/s'], rows)
}

type TierRow = {
  volume: VolumeStatus
  earlier: VolumeStatus | undefined
  tier: Tier
  total: number
  seconds: number
}

function tierRow({ volume, earlier, tier, total, seconds }: TierRow): readonly string[] {
  const blocks = volume.blocks[tier]
  const bytes = volume.bytes[tier]
  const share = total === 0 ? '-' : `${((100 * blocks) / total).toFixed(1)}%`
  const blockRate = (blocks - (earlier?.blocks[tier] ?? 0)) / seconds
  const byteRate = (bytes - (earlier?.bytes[tier] ?? 0)) / seconds
  return [
    volume.name,
    tier,
    formatCount(blocks),
    share,
    formatBytes(bytes),
    formatCount(blockRate),
    `${formatBytes(byteRate)}/s`,
  ]
}
