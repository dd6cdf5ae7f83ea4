import type { Zone } from './zone.ts'

/**
 * The earliest death of all zones but one, without a look at each: it is asked for every deletion that
 * is moved, and for each zone that may be collected. The two zones with the earliest are known.
 */
export class OldestDeath {
  readonly #zones: readonly Zone[]
  #first: Zone | undefined
  #second: Zone | undefined
  #isKnown = true

  constructor(zones: readonly Zone[]) {
    this.#zones = zones
  }

  /** A record in the zone has died by what has this version. */
  lower(zone: Zone, version: number): void {
    if (version >= zone.oldestDeath) return
    zone.oldestDeath = version
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
    return oldest?.oldestDeath ?? Infinity
  }

  #lookAll(): void {
    this.#first = undefined
    this.#second = undefined
    for (const zone of this.#zones) if (zone.oldestDeath < Infinity) this.#place(zone)
    this.#isKnown = true
  }

  #place(zone: Zone): void {
    if (zone === this.#first) return
    if (this.#first === undefined || zone.oldestDeath < this.#first.oldestDeath) {
      this.#second = this.#first
      this.#first = zone
    } else if (zone.oldestDeath < (this.#second?.oldestDeath ?? Infinity)) this.#second = zone
  }
}
