import { checksumOf } from '../block/checksum.ts'
import type { HybridClock } from '../block/stamp.ts'
import { DEFAULT_INLINE_BYTES, DirectoryAuthority } from '../authority/directory-authority.ts'
import type { NodePorts, VolumeInit } from './mesh-node.ts'
import type { Tuning } from './tuning.ts'
import { DEFAULT_BLOCK_BYTES, volumeIdOf } from './volume-room.ts'

/** Who has the last word on each volume whose source is mounted here, by volume id. */
export function authoritiesOf(
  volumes: readonly VolumeInit[],
  ports: Pick<NodePorts, 'checksum' | 'clock'> & {
    readonly stamps: HybridClock
    readonly tuning: Tuning
  },
): Map<string, DirectoryAuthority> {
  const authorities = new Map<string, DirectoryAuthority>()
  for (const volume of volumes) {
    if (volume.source === undefined) continue
    const authority = new DirectoryAuthority({
      source: volume.source,
      blockBytes: volume.blockBytes ?? DEFAULT_BLOCK_BYTES,
      inlineBytes: volume.inlineBytes ?? DEFAULT_INLINE_BYTES,
      namesAPage: ports.tuning.namesAPage,
      clock: ports.clock,
      stamps: ports.stamps,
      checksum: ports.checksum ?? checksumOf,
    })
    authorities.set(volumeIdOf(volume), authority)
  }
  return authorities
}
