import type { Zone } from '../zones/zone.ts'
import { KEPT_FOR_COLLECTION, type ZoneTable } from '../zones/zone-table.ts'

/** Writers may owe so much before they wait: what collection moves in one go, or part of a zone. */
const MOST_CREDIT_BYTES = 256 * 1024
const CREDIT_OF_ZONE = 1 / 8
/** Of all zones: with fewer free ones, whatever is most dead is collected, and writing has a price. */
const LOW_ZONES = 0.15
const LEAST_LOW_ZONES = 4
/** At the last free zone, this many times what would keep their number as it is. */
const MOST_PRESSURE = 8

/**
 * What writing costs while few zones are free: for each byte that is written, so many are to be moved
 * as keep the number of free zones where it is, more the fewer they are. Whoever writes waits while a
 * piece is owed. So a write waits for a piece of a zone now and then, a millisecond, and never for a
 * whole zone.
 */
export class Pace {
  readonly #zones: ZoneTable
  /** Bytes to move for each one written. */
  #price = 0
  #owed = 0
  #waiting: (() => void)[] = []
  #onOwed: (() => void) | undefined

  constructor(zones: ZoneTable) {
    this.#zones = zones
  }

  get isLow(): boolean {
    return this.#zones.freeZones < this.#lowZones
  }

  /** Something is owed: collection does not rest. */
  get isOwed(): boolean {
    return this.#owed > 0
  }

  /** Who waits for a `turn`. */
  get waiting(): number {
    return this.#waiting.length
  }

  get mustWait(): boolean {
    return this.#owed > this.#creditBytes
  }

  /** Resolves when little is owed, in the order of the calls. */
  async turn(): Promise<void> {
    while (this.mustWait) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** A zone is collected from now on: that many bytes of it move, the others come free. */
  begin(zone: Zone, usableBytes: number): void {
    const moved = zone.liveBytes + zone.deletionBytes
    this.#price = moved / Math.max(usableBytes - moved, usableBytes / 16)
  }

  /** Nothing is being moved: nobody waits for it. */
  end(): void {
    this.#price = 0
    this.#owed = 0
    this.#wake()
  }

  wrote(bytes: number): void {
    if (this.#price === 0 || !this.isLow) return
    this.#owed += bytes * this.#price * this.#pressure
    this.#onOwed?.()
  }

  moved(bytes: number): void {
    this.#owed = this.isLow ? Math.max(0, this.#owed - bytes) : 0
    if (!this.mustWait) this.#wake()
  }

  /** Calls back, once, when something is owed. */
  onOwed(callback: (() => void) | undefined): void {
    this.#onOwed = callback
  }

  get #creditBytes(): number {
    return Math.min(MOST_CREDIT_BYTES, this.#zones.layout.zoneBytes * CREDIT_OF_ZONE)
  }

  get #lowZones(): number {
    return Math.max(LEAST_LOW_ZONES, this.#zones.layout.zones * LOW_ZONES)
  }

  /** 1 where half of what is low is left. */
  get #pressure(): number {
    const spare = this.#zones.freeZones - KEPT_FOR_COLLECTION
    const aim = (this.#lowZones - KEPT_FOR_COLLECTION) / 2
    return spare <= 0 ? MOST_PRESSURE : Math.min(MOST_PRESSURE, aim / spare)
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
