import type { Zone } from './zone.ts'

/**
 * The oldest dead record of all zones but one, without a look at each: it is asked for every deletion
 * that is moved, and for each zone that may be collected. The two zones with the oldest are known.
 */
export class OldestDead {
  readonly #zones: readonly Zone[]
  #first: Zone | undefined
  #second: Zone | undefined
  #isKnown = true

  constructor(zones: readonly Zone[]) {
    this.#zones = zones
  }

  /** A record of this version has died in the zone. */
  lower(zone: Zone, version: number): void {
    if (version >= zone.oldestDead) return
    zone.oldestDead = version
    if (this.#isKnown) this.#place(zone)
  }

  /** A zone has begun anew. */
  rose(): void {
    this.#isKnown = false
  }

  /** Infinity where nothing is dead. */
  except(zone: Zone): number {
    if (!this.#isKnown) this.#lookAll()
    const oldest = this.#first === zone ? this.#second : this.#first
    return oldest?.oldestDead ?? Infinity
  }

  #lookAll(): void {
    this.#first = undefined
    this.#second = undefined
    for (const zone of this.#zones) if (zone.oldestDead < Infinity) this.#place(zone)
    this.#isKnown = true
  }

  #place(zone: Zone): void {
    if (zone === this.#first) return
    if (this.#first === undefined || zone.oldestDead < this.#first.oldestDead) {
      this.#second = this.#first
      this.#first = zone
    } else if (zone.oldestDead < (this.#second?.oldestDead ?? Infinity)) this.#second = zone
  }
}
