// How much of everything a node holds right now, each of which has a bound, and all but the caches come
// back to where they were when nothing goes on: cheap enough to be looked at after every message.
import type { Counters } from '../base/counters.ts'
import type { Fetcher } from '../fetch/fetcher.ts'
import type { Floors } from '../rumor/floors.ts'
import type { LockGauges, LockRoom } from '../lock/lock-room.ts'
import type { RumorRoom } from '../rumor/rumor-room.ts'
import type { Server } from '../serve/server.ts'
import type { Shard } from '../shard/shard.ts'
import type { NodeStatus } from './mesh-node.ts'
import type { VolumeRooms } from './volumes/volume-rooms.ts'
import type { WarmJobs } from './warm-jobs.ts'
import type { Writings } from './writing/writings.ts'

export type NodeGauges = {
  readonly ramBytes: number
  readonly ramCapacityBytes: number
  /** Of pinned blocks, which are never evicted. */
  readonly pinnedBytes: number
  /** Fetches under way. */
  readonly flights: number
  /** Blocks being read ahead, of all volumes. */
  readonly prefetches: number
  /** Bytes that were read ahead, and that nobody has read yet. */
  readonly prefetchUnreadBytes: number
  /** Inodes that the kernels refer to, the roots among them. */
  readonly inodes: number
  readonly openFiles: number
  readonly openDirectories: number
  /** Inodes with a floor of their own. */
  readonly floors: number
  /** Lives of publishers whose rumors are followed. */
  readonly rumorLives: number
  /** Bytes of rumors kept for others. */
  readonly rumorBytes: number
  /** Gaps in rumors being asked for. */
  readonly repairs: number
  /** Keys for which a busy node could refer to somebody. */
  readonly referrals: number
  readonly warmJobs: number
  /** Written here and not on the source yet; and copies kept for others, with what they cost. */
  readonly dirtyBytes: number
  readonly dirtyFiles: number
  readonly dirtyCopyBytes: number
} & LockGauges

export type GaugedRooms = {
  readonly locks: LockRoom
  readonly shard: Shard
  readonly fetcher: Fetcher
  readonly server: Server
  readonly floors: Floors
  readonly rumors: RumorRoom
  readonly rooms: VolumeRooms
  readonly warms: WarmJobs
  readonly writings: Writings
}

export function gaugesOf(node: GaugedRooms): NodeGauges {
  const { shard, fetcher, server, floors, rumors, rooms, warms, locks, writings } = node
  const { lives, keptBytes, repairs } = rumors.gauges
  const sums = {
    prefetches: 0,
    prefetchUnreadBytes: 0,
    inodes: 0,
    openFiles: 0,
    openDirectories: 0,
  }
  for (const { prefetches, tree, volume } of rooms.all()) {
    sums.prefetches += prefetches.underway
    sums.prefetchUnreadBytes += prefetches.unreadBytes
    sums.inodes += tree.inodes.size
    sums.openFiles += volume.openFiles
    sums.openDirectories += volume.openDirectories
  }
  return {
    ramBytes: shard.usedBytes,
    ramCapacityBytes: shard.capacityBytes,
    pinnedBytes: shard.pinnedBytes,
    flights: fetcher.flights,
    ...sums,
    floors: floors.size,
    rumorLives: lives,
    rumorBytes: keptBytes,
    repairs,
    referrals: server.referrals,
    warmJobs: warms.running,
    ...locks.gauges(),
    ...writings.back.gauges,
  }
}

type Facts = Pick<NodeStatus, 'peer' | 'epoch' | 'peers' | 'upMs'> & { readonly counters: Counters }

/** What a person or a graph wants to know of a node. */
export function statusOf(inside: GaugedRooms, { counters, ...facts }: Facts): NodeStatus {
  const { shard, fetcher, rooms } = inside
  const { capacityBytes, usedBytes, blocks, evictions } = shard
  const { lately, all } = fetcher.times
  counters.raise('shard_evictions_total', evictions)
  const { dirtyBytes, dirtyFiles, dirtyCopyBytes } = inside.writings.back.gauges
  return {
    ...facts,
    ram: { capacityBytes, usedBytes, blocks },
    dirty: { bytes: dirtyBytes, files: dirtyFiles, copyBytes: dirtyCopyBytes },
    volumes: rooms.all().map((room) => room.status()),
    counters: counters.snapshot(),
    fetchMs: {
      p50: lately.quantile(0.5) ?? 0,
      p99: lately.quantile(0.99) ?? 0,
      max: lately.quantile(1) ?? 0,
    },
    fetchTimes: all.snapshot(),
  }
}
