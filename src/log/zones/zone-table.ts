// Who of the zones is free, and what is dead in the others. Only numbers: nothing here reads or
// writes a zone. It must never call a deletion superfluous while a record that it deleted, which a
// crash would bring back, lies dead in some zone. Whatever died later than a deletion was there when
// the deletion came, under another key: so what counts of the dead is when they died, not how old
// they are. Else one record in a cold zone would keep all deletions, until nothing else had room.
import assert from 'node:assert/strict'
import type { Random } from '../../ports/random.ts'
import { type Layout, SECTOR_BYTES, zoneOf, zoneStart } from '../format/layout.ts'
import { ENTRY_BYTES } from '../format/zone-marks.ts'
import { OldestDeath } from './oldest-death.ts'
import { freeZone, type Zone } from './zone.ts'

/** So many free zones only collection may take, so that it can always go on. */
export const KEPT_FOR_COLLECTION = 2
/** Of all zones, so many free ones may keep their space on the disk. */
const MOST_BACKED = 1 / 32
const LEAST_BACKED = 2
/** Of all that zones can hold, what may be live: beyond it, collection would copy for next to nothing. */
const LIVE_SHARE = 0.8

export class ZoneTable {
  readonly layout: Layout
  readonly zones: readonly Zone[]
  readonly #free: Zone[]
  readonly #random: Random
  readonly #oldestDeath: OldestDeath
  #liveBytes = 0
  /** Free zones that keep their space. */
  #backed = 0
  #waiting: (() => void)[] = []

  /** All zones free. */
  constructor(layout: Layout, random: Random) {
    this.layout = layout
    this.#random = random
    this.zones = Array.from({ length: layout.zones }, (_, index) => freeZone(index))
    this.#oldestDeath = new OldestDeath(this.zones)
    this.#free = this.zones.toReversed()
  }

  get freeZones(): number {
    return this.#free.length
  }

  get liveBytes(): number {
    return this.#liveBytes
  }

  /** Most bytes of live records, deletions included. */
  get capacityBytes(): number {
    const zones = this.layout.zones - KEPT_FOR_COLLECTION - 2
    return Math.floor(zones * this.usableBytes * LIVE_SHARE)
  }

  /** Of one zone: without its header and the least summary. */
  get usableBytes(): number {
    return this.layout.zoneBytes - 2 * SECTOR_BYTES
  }

  at(place: number): Zone {
    const zone = this.zones[zoneOf(this.layout, place)]
    assert(zone !== undefined, `no zone at ${place}`)
    return zone
  }

  ofGrain(grain: number): Zone {
    return this.at(grain * this.layout.grainBytes)
  }

  /** A zone to write to; undefined where none is left for this purpose. */
  take(forCollection: boolean): Zone | undefined {
    if (!forCollection && this.#free.length <= KEPT_FOR_COLLECTION) return undefined
    const zone = this.#free.pop()
    if (zone === undefined) return undefined
    if (zone.isBacked) this.#backed -= 1
    zone.state = 'open'
    zone.generation = 1 + Math.floor(this.#random.next() * (2 ** 47 - 1))
    zone.used = SECTOR_BYTES
    return zone
  }

  /** At open: this zone has a life already. */
  adopt(zone: Zone, generation: number): void {
    const place = this.#free.indexOf(zone)
    assert(place >= 0, `zone ${zone.index} was adopted twice`)
    this.#free.splice(place, 1)
    zone.generation = generation
    zone.state = 'sealed'
  }

  /**
   * Whether the next zone that comes free is to keep its space. What is written to it then needs none
   * from the file system, whose journal takes a third of the time of a small sync.
   */
  get wantsBacked(): boolean {
    return this.#backed < Math.max(LEAST_BACKED, this.layout.zones * MOST_BACKED)
  }

  /** @param isBacked it keeps its space: such zones are taken first */
  release(zone: Zone, { isBacked = false }: { readonly isBacked?: boolean } = {}): void {
    assert(zone.state === 'leaving' && zone.liveBytes === 0, `zone ${zone.index} is in use`)
    this.#liveBytes -= zone.deletionBytes
    Object.assign(zone, freeZone(zone.index), { isBacked })
    this.#oldestDeath.rose()
    if (isBacked) this.#free.push(zone)
    else this.#free.unshift(zone)
    if (isBacked) this.#backed += 1
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** The zone to be taken next, where it has no space of its own: nobody takes it until `giveBack`. */
  borrow(): Zone | undefined {
    const next = this.#free.at(-1)
    if (next === undefined || next.isBacked) return undefined
    this.#free.pop()
    next.state = 'borrowed'
    return next
  }

  /** It is the next one again. */
  giveBack(zone: Zone, { isBacked }: { readonly isBacked: boolean }): void {
    Object.assign(zone, { state: 'free', isBacked })
    if (isBacked) this.#backed += 1
    this.#free.push(zone)
    this.wake()
  }

  /** Who waits for a zone. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** What is in memory of summaries that are not on disk yet. */
  get entryBytes(): number {
    return this.zones.reduce((sum, { entries }) => sum + (entries?.bytes.length ?? 0), 0)
  }

  /** Resolves when a zone has come free. */
  released(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Wakes who waits for a zone, though none came: to look again. */
  wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Here and below, `bytes` are a record's own; what the summary says of it is added. */
  born(grain: number, recordBytes: number): void {
    const bytes = recordBytes + ENTRY_BYTES
    this.ofGrain(grain).liveBytes += bytes
    this.#liveBytes += bytes
  }

  /** @param death the version of what took its place */
  died(grain: number, recordBytes: number, death: number): void {
    const bytes = recordBytes + ENTRY_BYTES
    const zone = this.ofGrain(grain)
    zone.liveBytes -= bytes
    this.#oldestDeath.lower(zone, death)
    this.#liveBytes -= bytes
  }

  /** At open: a record that another one has taken the place of, some time after this version. */
  foundDead(grain: number, version: number): void {
    const zone = this.ofGrain(grain)
    this.#oldestDeath.lower(zone, version)
  }

  /** At open: a record, dead or alive, ends at this place. */
  reaches(zone: Zone, grain: number): void {
    const end = grain * this.layout.grainBytes - zoneStart(this.layout, zone.index)
    zone.used = Math.max(zone.used, end)
  }

  deleted(grain: number, recordBytes: number, version: number): void {
    const bytes = recordBytes + ENTRY_BYTES
    const zone = this.ofGrain(grain)
    zone.deletionBytes += bytes
    zone.newestDeletion = Math.max(zone.newestDeletion, version)
    this.#liveBytes += bytes
  }

  /** A deletion that could not be written. */
  undeleted(grain: number, recordBytes: number): void {
    const bytes = recordBytes + ENTRY_BYTES
    this.ofGrain(grain).deletionBytes -= bytes
    this.#liveBytes -= bytes
  }

  /** Whether no zone but this one holds what was dead by then. */
  isSuperfluous(version: number, except: Zone): boolean {
    return this.#oldestDeath.except(except) > version
  }

  /** Of all zones; part of `liveBytes`. */
  get deletionBytes(): number {
    return this.zones.reduce((sum, { deletionBytes }) => sum + deletionBytes, 0)
  }

  /**
   * The share of a zone that its collection would give back, 0 to 1. The room at its end counts only
   * where it is most of the zone: a little is left in every zone, and would be again.
   */
  deadShare(zone: Zone): number {
    const isFreed = zone.deletionBytes > 0 && this.isSuperfluous(zone.newestDeletion, zone)
    const kept = zone.liveBytes + (isFreed ? 0 : zone.deletionBytes)
    const taken = Math.max(zone.used - SECTOR_BYTES, this.usableBytes / 2)
    return Math.max(0, taken - kept) / this.usableBytes
  }
}
