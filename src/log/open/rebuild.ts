// The index out of the zones' summaries: of each key the newest record counts. Done in as many
// passes over the summaries as keep the table of keys small; each pass takes a part of the keys.
import { OWNED, OWNS } from '../changes.ts'
import type { Entries, Entry } from '../format/entries.ts'
import { TOMBSTONE } from '../format/record.ts'
import type { KeyIndex } from '../index/key-index.ts'
import type { Zone } from '../zones/zone.ts'
import type { ZoneTable } from '../zones/zone-table.ts'
import { Newest } from './newest.ts'

/** Records a pass: about 60 bytes of memory each while it lasts. */
const RECORDS_A_PASS = 2_000_000

export type RebuildInit = {
  readonly zones: ZoneTable
  readonly index: KeyIndex
  /** Of a zone that is not free. */
  readonly entriesOf: (zone: Zone) => Promise<Entries>
  /** How many records all zones have. */
  readonly records: number
  /** Records of these kinds are listed. */
  readonly kinds: ReadonlySet<number>
}

export type Rebuilt = {
  /** The newest version seen, dead or alive. */
  readonly version: number
  /** Grains of live records of the kinds asked for. */
  readonly listed: readonly number[]
  /** Records dropped because what owns them is not there. */
  readonly orphans: number
}

export async function rebuildIndex(init: RebuildInit): Promise<Rebuilt> {
  const passes = Math.max(1, Math.ceil(init.records / RECORDS_A_PASS))
  const work = new Rebuild(init, passes)
  for (let pass = 0; pass < passes; pass++) await work.pass(pass)
  return work.finish()
}

class Rebuild {
  readonly #init: RebuildInit
  readonly #passes: number
  readonly #owners = new Set<number>()
  /** They wait until all owners are known. */
  readonly #owned: Entry[] = []
  readonly #listed: number[] = []
  #version = 0

  constructor(init: RebuildInit, passes: number) {
    this.#init = init
    this.#passes = passes
  }

  async pass(pass: number): Promise<void> {
    const { zones, records } = this.#init
    const newest = new Newest(Math.ceil((records / this.#passes) * 1.1) + 1024)
    for (const zone of zones.zones) {
      if (zone.state === 'free') continue
      const entries = await this.#init.entriesOf(zone)
      for (let i = 0; i < entries.count; i++) {
        const entry = entries.at(i)
        if (entry.middle % this.#passes !== pass) continue
        zones.reaches(zone, entry.grain + entry.grains)
        this.#version = Math.max(this.#version, entry.version)
        const loser = newest.add(entry)
        if (loser !== undefined) zones.foundDead(loser.grain, loser.version)
      }
    }
    for (const entry of newest.entries()) this.#take(entry)
  }

  finish(): Rebuilt {
    let orphans = 0
    for (const entry of this.#owned) {
      if (this.#owners.has(entry.owner)) this.#add(entry)
      else {
        orphans += 1
        this.#init.zones.foundDead(entry.grain, entry.version)
      }
    }
    return { version: this.#version, listed: this.#listed, orphans }
  }

  #take(entry: Entry): void {
    const { zones, kinds } = this.#init
    if ((entry.flags & TOMBSTONE) !== 0) {
      zones.deleted(entry.grain, entry.grains * zones.layout.grainBytes, entry.version)
      return
    }
    if ((entry.flags & OWNS) !== 0) this.#owners.add(entry.owner)
    if (kinds.has(entry.kind)) this.#listed.push(entry.grain)
    if ((entry.flags & OWNED) !== 0) this.#owned.push(entry)
    else this.#add(entry)
  }

  #add({ tag, grain, grains }: Entry): void {
    const { zones, index } = this.#init
    index.add(tag, grain)
    zones.born(grain, grains * zones.layout.grainBytes)
  }
}
