// Freshness, the one rule (DESIGN 5): a cached entry may be used only if its stamp is not older than
// the floor of its inode. This is where the floors are kept.
//
// Bounded: past `MAX_INODES` the volume's own floor is raised over all of them, which makes the caches
// colder than need be, and never staler.
import type { Inode, Invalidation, Stamp } from '../ports/messages.ts'

const MAX_INODES = 100_000

/** The inode that stands for the whole volume in an invalidation. */
export const EVERYTHING: Inode = '*'

type VolumeFloors = { all: Stamp; readonly inodes: Map<Inode, Stamp> }

export class Floors {
  readonly #volumes = new Map<string, VolumeFloors>()

  /** How many inodes have one of their own. */
  get size(): number {
    let size = 0
    for (const { inodes } of this.#volumes.values()) size += inodes.size
    return size
  }

  floor(volume: string, inode: Inode): Stamp {
    const floors = this.#volumes.size === 0 ? undefined : this.#volumes.get(volume)
    if (floors === undefined) return 0
    // Asked at every step of every lookup, mostly where nothing was ever told.
    return floors.inodes.size === 0
      ? floors.all
      : Math.max(floors.all, floors.inodes.get(inode) ?? 0)
  }

  /** True where the floor really rose. */
  raise(invalidation: Invalidation): boolean {
    const { volume, inode, stamp } = invalidation
    if (this.floor(volume, inode) >= stamp) return false
    const floors = this.#volumeFloors(volume)
    if (inode === EVERYTHING) raiseAll(floors, stamp)
    else floors.inodes.set(inode, stamp)
    if (floors.inodes.size > MAX_INODES) raiseAll(floors, newest(floors))
    return true
  }

  #volumeFloors(volume: string): VolumeFloors {
    const known = this.#volumes.get(volume)
    if (known !== undefined) return known
    const fresh: VolumeFloors = { all: 0, inodes: new Map() }
    this.#volumes.set(volume, fresh)
    return fresh
  }
}

function raiseAll(floors: VolumeFloors, stamp: Stamp): void {
  floors.all = Math.max(floors.all, stamp)
  for (const [inode, own] of floors.inodes) if (own <= floors.all) floors.inodes.delete(inode)
}

function newest(floors: VolumeFloors): Stamp {
  let stamp = floors.all
  for (const own of floors.inodes.values()) stamp = Math.max(stamp, own)
  return stamp
}
