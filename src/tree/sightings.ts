// In which state this node has seen files that changed a short while ago.
//
// Pages of several directories are of different ages, and a file has several names, or moves from one to
// another: by one name it may have been seen as it is now, and the page of the other, good as pages
// go, has it as it was. A node never goes back in time, so such a page is read again, though it be
// stamped later. Of files that have not changed lately every page that is good at all says the same;
// nothing is kept of them.
import { type ChangeTime, isBehind } from '../block/order.ts'
import type { Clock } from '../ports/clock.ts'
import type { Attributes, Inode, Stamp } from '../ports/messages.ts'
import { floorOf, SKEW_MS, stampAt } from '../block/stamp.ts'
import { versionOf } from '../block/version.ts'

const SIGHTINGS_MAX = 16_384

type Sighting = {
  readonly version: number
  readonly changed: ChangeTime
  readonly stamp: Stamp
  readonly floor: Stamp
}

export type SightingsInit = {
  readonly clock: Clock
  /** No page older than this is ever believed. Infinity: nothing is expected to change. */
  readonly revalidateMs: number
}

export class Sightings {
  readonly #init: SightingsInit
  /** The newest is the last. */
  readonly #seen = new Map<Inode, Sighting>()
  /** Above all that had to be forgotten: a page older than this may be older than what was seen. */
  #forgotten: Stamp = 0

  constructor(init: SightingsInit) {
    this.#init = init
  }

  get size(): number {
    return this.#seen.size
  }

  /** How fresh a page must be that has the inode in this state, where one of this stamp has it so. */
  floor(attributes: Attributes, stamp: Stamp): Stamp {
    if (this.#seen.size === 0) return this.#forgotten
    const seen = this.#seen.get(attributes.inode)
    if (seen === undefined) return this.#forgotten
    if (versionOf(attributes) === seen.version) return 0
    return isBehind({ attributes, stamp }, seen) ? Math.max(seen.floor, stamp + 1) : seen.floor
  }

  /** A page of this stamp, fresh enough, has the inode in this state. */
  saw(attributes: Attributes, stamp: Stamp): void {
    const { clock, revalidateMs } = this.#init
    const { inode, ctimeSeconds, ctimeNanos } = attributes
    const changed = { ctimeSeconds, ctimeNanos }
    const changedMs = ctimeSeconds * 1_000 + ctimeNanos / 1e6
    const isLate = changedMs + revalidateMs + SKEW_MS >= clock.now()
    const seen = this.#seen.get(inode)
    if (seen !== undefined && seen.stamp > stamp) return
    if (seen !== undefined) this.#seen.delete(inode)
    if (!isLate || revalidateMs === Infinity) return
    // Two homes have read the two states, and their clocks need not agree. But a stamp may be ahead of
    // its time, and a page that is asked for with a floor too far ahead counts for more than it says.
    const floor = floorOf(Math.min(stamp, stampAt(clock.now())))
    this.#seen.set(inode, { version: versionOf(attributes), changed, stamp, floor })
    if (this.#seen.size > SIGHTINGS_MAX) this.#forgetOldest()
  }

  #forgetOldest(): void {
    for (const [inode, { floor }] of this.#seen) {
      this.#seen.delete(inode)
      this.#forgotten = Math.max(this.#forgotten, floor)
      return
    }
  }
}
