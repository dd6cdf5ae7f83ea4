// What leases need of the rest of a node: rumors told and heard, and the kernel's pages dropped.
import { sleep } from '../../base/time.ts'
import type { LeaseRoom, Leasing } from '../../lock/lease/lease-room.ts'
import { STRICT_LEASE_MS } from '../../lock/lease/lease-terms.ts'
import type { Clock } from '../../ports/clock.ts'
import type { VolumeLeases } from '../../volume/strict/leased-volume.ts'
import type { VolumeInit } from '../mesh-node.ts'
import type { Words, WordsInit } from './words.ts'

/**
 * Pages may wait for a read that waits for a lease: who asks for one back is answered all the same. What
 * reads by calls does not rely on them, see LeasedVolume.
 */
const PAGES_MS = 20

export type LeasingInit = WordsInit & { readonly clock: Clock; readonly words: Words }

/** Undefined where no volume is strict. */
export function leasingOver(
  volumes: readonly VolumeInit[],
  init: LeasingInit,
): Leasing | undefined {
  const strict = volumes.filter(({ coherence }) => coherence === 'strict')
  if (strict.length === 0) return undefined
  const { clock, stamps, words, inside } = init
  return {
    leaseMs: Math.max(...strict.map(({ leaseMs }) => leaseMs ?? STRICT_LEASE_MS)),
    told: () => words.tell(),
    hear: (head) => words.hear(head),
    doubt: (place) => words.apply({ ...place, stamp: stamps.tick() }),
    dropFromKernel: async ({ volume, inode }) => {
      const room = inside().rooms.byId(volume)
      const record = room?.tree.inodes.byInode(inode)
      if (room === undefined || record === undefined || record.isDirectory) return
      const { nodeid } = record
      record.keptVersion = 0
      const dropping = room.volume.listeners.tell({ type: 'inode', nodeid, data: true })
      if (dropping !== undefined) await Promise.race([dropping, sleep(clock, PAGES_MS)])
    },
  }
}

/** The leases of each volume by its id. */
export function leasesOf(
  room: LeaseRoom | undefined,
): ((volume: string) => VolumeLeases) | undefined {
  if (room === undefined) return undefined
  const { holder } = room
  return (volume) => ({
    here: (inodes) => holder.here(volume, inodes, 'shared'),
    take: (inodes, options) => holder.take(volume, inodes, { ...options, kind: 'shared' }),
    ahead: (inodes) => holder.ahead(volume, inodes),
    since: (inode) => holder.since({ volume, inode }),
  })
}
