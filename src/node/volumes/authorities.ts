import { checksumOf } from '../../block/checksum.ts'
import type { HybridClock } from '../../block/stamp.ts'
import { DEFAULT_INLINE_BYTES, DirectoryAuthority } from '../../authority/directory-authority.ts'
import type { TraceStore } from '../../heat/trace-store.ts'
import type { NodePorts, VolumeInit } from '../mesh-node.ts'
import type { Tuning } from '../tuning.ts'
import { DEFAULT_BLOCK_BYTES, volumeIdOf } from './volume-room.ts'

/** What is known of starts that use a volume, by its id. */
export type Expecting = (volume: string) => Pick<TraceStore, 'expected'> | undefined

/** Who has the last word on each volume whose source is mounted here, by volume id. */
export function authoritiesOf(
  volumes: readonly VolumeInit[],
  ports: Pick<NodePorts, 'checksum' | 'clock'> & {
    readonly stamps: HybridClock
    readonly tuning: Tuning
    readonly expected: Expecting
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
      expected: (path, name) => ports.expected(volumeIdOf(volume))?.expected(path, name) ?? [],
      clock: ports.clock,
      stamps: ports.stamps,
      checksum: ports.checksum ?? checksumOf,
    })
    authorities.set(volumeIdOf(volume), authority)
  }
  return authorities
}
