// What an open finds in the zones: those with a summary, those to be read through, and where the
// log ends.
import type { DiskFile } from '../../ports/disk.ts'
import { codeOf } from '../../base/errors.ts'
import { readBatchHead } from '../format/batch.ts'
import { Entries } from '../format/entries.ts'
import { type Layout, SECTOR_BYTES, zoneStart } from '../format/layout.ts'
import { readEntries, readFooter, type ZoneLife } from '../format/summary.ts'
import {
  FOOTER_BYTES,
  type Heights,
  readEndedFooter,
  readZoneHeader,
  type ZoneHeader,
} from '../format/zone-marks.ts'
import { type FoundBatch, scanZone } from './scan.ts'

export type Survey = {
  /** Zones with a whole summary, and how many records each has. */
  readonly sealed: readonly (ZoneLife & { readonly records: number })[]
  /** Zones without one; their batches up to the end of the log, in order. */
  readonly unsealed: readonly ZoneLife[]
  readonly batches: readonly FoundBatch[]
  /** The last batch that is part of the log. */
  readonly kept: number
  /** The highest there were, whether they are found or not. */
  readonly number: number
  readonly version: number
  /** Behind the end of the log, and left out. */
  readonly cut: readonly FoundBatch[]
  /** Records that are damaged, or whole batches, in what had been durable. */
  readonly damaged: number
}

export type SurveyInit = {
  readonly file: DiskFile
  readonly layout: Layout
  readonly seed: number
}

/** @throws PotluckError EIO */
export async function surveyZones(init: SurveyInit): Promise<Survey> {
  const work = new Surveyor(init)
  for (let zone = 0; zone < init.layout.zones; zone++) await work.look(zone)
  return work.finish()
}

class Surveyor {
  readonly #init: SurveyInit
  readonly #sealed: (ZoneLife & { records: number })[] = []
  readonly #unsealed: ZoneLife[] = []
  readonly #batches: FoundBatch[] = []
  #number = 0
  #version = 0
  #durable = 0

  constructor(init: SurveyInit) {
    this.#init = init
  }

  async look(zone: number): Promise<void> {
    const { file, layout } = this.#init
    const sector = Buffer.alloc(SECTOR_BYTES)
    await file.read(zoneStart(layout, zone), sector)
    const header = readZoneHeader(sector, zone)
    if (header?.type === 'freed') return this.#heard(header)
    if (!(await this.#trySummary(zone, header))) await this.#scan(zone, header)
  }

  async #trySummary(zone: number, header: ZoneHeader | undefined): Promise<boolean> {
    const { file, layout } = this.#init
    const footer = await readFooter(file, layout, zone)
    const generation = header?.type === 'used' ? header.generation : footer?.generation
    if (footer === undefined || footer.generation !== generation) return false
    const life = { index: zone, generation }
    const isWhole = await readEntries(file, layout, life).then(
      () => true,
      (error: unknown) => {
        if (codeOf(error) === 'CORRUPT') return false
        throw error
      },
    )
    // Though the summary is damaged, the footer is not, and it tells what had been durable.
    this.#heard(footer)
    if (isWhole) this.#sealed.push({ ...life, records: footer.entries })
    return isWhole
  }

  async #scan(zone: number, header: ZoneHeader | undefined): Promise<void> {
    const { file, layout, seed } = this.#init
    const bytes = Buffer.allocUnsafeSlow(layout.zoneBytes)
    await file.read(zoneStart(layout, zone), bytes)
    // The first batch knows the life as well as the header does, which may be damaged.
    const generation =
      header?.type === 'used'
        ? header.generation
        : readBatchHead(bytes.subarray(SECTOR_BYTES))?.generation
    const ended = readEndedFooter(bytes.subarray(-FOOTER_BYTES))
    if (generation === undefined || (header === undefined && generation === ended)) return
    this.#unsealed.push({ index: zone, generation })
    for (const batch of scanZone({ layout, seed, zone, generation, bytes })) {
      this.#batches.push(batch)
      this.#heard(batch)
    }
  }

  #heard({ durable, number, version }: Heights): void {
    this.#durable = Math.max(this.#durable, durable)
    this.#number = Math.max(this.#number, number, durable)
    this.#version = Math.max(this.#version, version)
  }

  /** Behind what was durable, the log goes on as long as no batch is missing or damaged. */
  finish(): Survey {
    const sorted = this.#batches.toSorted((a, b) => a.number - b.number)
    const kept: FoundBatch[] = []
    const cut: FoundBatch[] = []
    let expected = this.#durable + 1
    let damaged = 0
    for (const batch of sorted) {
      if (batch.number <= this.#durable) {
        kept.push(batch)
        damaged += batch.records - batch.entries.length
      } else if (batch.number === expected && batch.isWhole && cut.length === 0) {
        kept.push(batch)
        expected += 1
      } else cut.push(batch)
    }
    return {
      sealed: this.#sealed,
      unsealed: this.#unsealed,
      batches: kept,
      kept: expected - 1,
      number: this.#number,
      version: this.#version,
      cut,
      damaged,
    }
  }
}

/** The entries of an unsealed zone: those of its batches that are part of the log. */
export function entriesOf(zone: number, batches: readonly FoundBatch[]): Entries {
  const entries = new Entries()
  for (const batch of batches) {
    if (batch.zone !== zone) continue
    for (const entry of batch.entries) entries.add(entry)
  }
  return entries
}
