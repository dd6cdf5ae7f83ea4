import type { Clock } from '../../ports/clock.ts'
import { ReadVolume, type ReadVolumeInit } from '../../volume/read-volume.ts'
import type { VolumeInit } from '../mesh-node.ts'
import { LeasedVolume, type VolumeLeases } from '../../volume/strict/leased-volume.ts'

/** What makes a volume strict: its leases. */
export type Strict = { readonly clock: Clock; readonly leases: VolumeLeases | undefined }

export function readingOver({ leases, clock, ...init }: ReadVolumeInit & Strict): ReadVolume {
  return leases === undefined ? new ReadVolume(init) : new LeasedVolume(init, leases, clock)
}

export type StrictInit = {
  readonly clock: Clock
  readonly volume: VolumeInit
  /** The leases of a volume, by its id. */
  readonly leases?: ((volume: string) => VolumeLeases) | undefined
}

export function strictOf({ clock, volume, leases }: StrictInit, id: string): Strict {
  return { clock, leases: volume.coherence === 'strict' ? leases?.(id) : undefined }
}
