// How old a page may be: not older than what was told of a change, nor than what was seen before, nor
// than one revalidation period.
import type { Clock } from '../ports/clock.ts'
import type { Attributes, Inode, Stamp } from '../ports/messages.ts'
import { msOf, stampAt } from '../block/stamp.ts'
import type { Floors } from '../rumor/floors.ts'
import type { InodeRecord } from './inode-record.ts'
import type { FoundPage } from './kernel-news.ts'
import { Sightings } from './sightings.ts'

/** What "for ever" means to the kernel: static volumes are never checked again. */
const STATIC_VALID_MS = 30 * 24 * 3_600_000

export type FreshnessInit = {
  readonly volume: string
  readonly clock: Clock
  readonly floors: Floors
  /** Infinity where the volume is static. */
  readonly revalidateMs: number
  /** Where the volume is strict. */
  readonly leases?: LeasedSince | undefined
}

/** What was read of an inode before must not be used under the lease that this node has of it. */
export type LeasedSince = (inode: Inode) => Stamp

export class Freshness {
  readonly #init: FreshnessInit
  readonly #sightings: Sightings

  constructor(init: FreshnessInit) {
    this.#init = init
    this.#sightings = new Sightings(init)
  }

  /** For how long the kernel may believe something of this stamp. */
  validMs(stamp: Stamp): number {
    const { revalidateMs, clock, leases } = this.#init
    // It may believe what it is told under a lease alone, and whoever tells it so knows for how long.
    if (leases !== undefined) return 0
    if (revalidateMs === Infinity) return STATIC_VALID_MS
    return Math.max(0, msOf(stamp) + revalidateMs - clock.now())
  }

  /** A stamp older than this is too old for the inode. */
  floor(inode: Inode): Stamp {
    const { revalidateMs, clock } = this.#init
    const told = this.told(inode)
    if (revalidateMs === Infinity) return told
    return Math.max(told, stampAt(clock.now() - revalidateMs))
  }

  /** A page of this stamp that is older than this is too old to be believed in what it says of a child. */
  entryFloor(attributes: Attributes, stamp: Stamp): Stamp {
    return Math.max(this.floor(attributes.inode), this.#sightings.floor(attributes, stamp))
  }

  /** Something of this stamp, fresh enough, has the inode in this state. */
  saw(attributes: Attributes, stamp: Stamp): void {
    this.#sightings.saw(attributes, stamp)
  }

  /** When the inode was last said to have changed. */
  told(inode: Inode): Stamp {
    const { floors, volume, leases } = this.#init
    const told = floors.floor(volume, inode)
    return leases === undefined ? told : Math.max(told, leases(inode))
  }

  /** What a page of this directory must not be older than, whatever its age. */
  newest(directory: InodeRecord, part: number): Stamp {
    return Math.max(this.told(directory.inode), directory.pageStamp(part))
  }

  /** A page of this directory that is older than this would not be used. */
  ofPages(directory: InodeRecord): Stamp {
    return Math.max(this.floor(directory.inode), directory.newestPageStamp)
  }

  /** Whether nothing newer is known than an entry of a page: only then may the kernel keep it. */
  isNewest(directory: InodeRecord, inode: Inode, found: FoundPage): boolean {
    return found.stamp >= Math.max(this.told(inode), this.newest(directory, found.part))
  }
}
