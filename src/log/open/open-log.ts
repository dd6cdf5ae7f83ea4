// Opening a log: superblock, survey of the zones, the index out of their summaries, summaries for
// those that have none. It must write nothing before it knows where the log ends, and nothing new
// before what it cut off is durably out of the log.
import type { Log as Say } from '../../base/log.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Disk, DiskFile } from '../../ports/disk.ts'
import type { Random } from '../../ports/random.ts'
import type { Entries } from '../format/entries.ts'
import { type Layout, SECTOR_BYTES, zoneStart } from '../format/layout.ts'
import { readEntries, writeSummary } from '../format/summary.ts'
import { freedHeader, type Heights } from '../format/zone-marks.ts'
import { KeyIndex } from '../index/key-index.ts'
import type { Zone } from '../zones/zone.ts'
import { ZoneTable } from '../zones/zone-table.ts'
import { openFile } from './open-file.ts'
import { rebuildIndex } from './rebuild.ts'
import type { FoundBatch } from './scan.ts'
import { entriesOf, type Survey, surveyZones } from './survey.ts'

export type LogInit = {
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly say: Say
  /** The file's name. */
  readonly name: string
  readonly layout: Layout
  readonly shard?: number
  readonly shards?: number
  /** Live records of these kinds are listed by the opening. */
  readonly kinds?: ReadonlySet<number>
}

/** What an opening found, for a person and for tests. */
export type OpenReport = {
  readonly records: number
  readonly liveBytes: number
  readonly zonesSealed: number
  readonly zonesScanned: number
  /** Behind the end of the log: written when the machine died, acknowledged to nobody as durable. */
  readonly cutBytes: number
  /** Damaged records in what had been durable. */
  readonly damaged: number
  readonly orphans: number
  readonly seconds: number
}

export type Opened = {
  readonly file: DiskFile
  readonly zones: ZoneTable
  readonly index: KeyIndex
  readonly seed: number
  readonly number: number
  readonly version: number
  readonly listed: readonly number[]
  readonly report: OpenReport
}

/** @throws PotluckError as `openFile` has it; EIO */
export async function openZones(init: LogInit): Promise<Opened> {
  const { shard = 0, shards = 1, clock } = init
  const began = clock.now()
  const { file, superblock } = await openFile({ ...init, shard, shards })
  try {
    const { layout, seed } = superblock
    const survey = await surveyZones({ file, layout, seed })
    const zones = new ZoneTable(layout, init.random)
    const index = new KeyIndex()
    const scanned = adoptAll(zones, survey)
    const readZone = async (zone: Zone): Promise<Entries> =>
      zone.entries ?? readEntries(file, layout, zone)
    const records = countRecords(survey)
    const kinds = init.kinds ?? new Set<number>()
    const rebuilt = await rebuildIndex({ zones, index, entriesOf: readZone, records, kinds })
    const version = Math.max(survey.version, rebuilt.version)
    const { kept, number } = survey
    const heights = { durable: kept, number, version }
    await sealAll(file, { zones, scanned, cut: survey.cut, heights })
    const seconds = (clock.now() - began) / 1000
    const report = { ...reportOf(survey, zones, index), orphans: rebuilt.orphans, seconds }
    return { file, zones, index, seed, number, version, listed: rebuilt.listed, report }
  } catch (error) {
    await file.close()
    throw error
  }
}

function reportOf(
  survey: Survey,
  zones: ZoneTable,
  index: KeyIndex,
): Omit<OpenReport, 'orphans' | 'seconds'> {
  return {
    records: index.size,
    liveBytes: zones.liveBytes,
    zonesSealed: survey.sealed.length,
    zonesScanned: survey.unsealed.length,
    cutBytes: survey.cut.reduce((sum, { bytes }) => sum + bytes, 0),
    damaged: survey.damaged,
  }
}

function countRecords({ sealed, batches }: Survey): number {
  let records = 0
  for (const zone of sealed) records += zone.records
  for (const batch of batches) records += batch.entries.length
  return records
}

/** @returns the zones that are to be given a summary */
function adoptAll(zones: ZoneTable, survey: Survey): Zone[] {
  for (const { index, generation } of survey.sealed) {
    const zone = zones.zones[index]
    if (zone !== undefined) zones.adopt(zone, generation)
  }
  return survey.unsealed.flatMap(({ index, generation }) => {
    const zone = zones.zones[index]
    if (zone === undefined) return []
    zones.adopt(zone, generation)
    zone.entries = entriesOf(index, survey.batches)
    return [zone]
  })
}

type Sealing = {
  readonly zones: ZoneTable
  readonly scanned: readonly Zone[]
  readonly cut: readonly FoundBatch[]
  readonly heights: Heights
}

/** What was cut off must never be looked at again, so this is synced before anything new is written. */
async function sealAll(file: DiskFile, { zones, scanned, cut, heights }: Sealing): Promise<void> {
  if (scanned.length === 0) return
  const emptied: Zone[] = []
  await wipe(file, { zones, cut })
  // Once there is a summary nobody looks for what was cut off, until it is damaged: so first this.
  // Besides, what was found may be in the page cache alone, where only the process died.
  await file.sync()
  for (const zone of scanned) {
    if (zone.entries === undefined) continue
    if (zone.entries.count === 0) {
      await file.write(zoneStart(zones.layout, zone.index), freedHeader(zone.index, heights))
      zone.state = 'leaving'
      emptied.push(zone)
    } else {
      const { entries } = zone
      await writeSummary(file, zones.layout, { zone, entries, heights })
      zone.entries = undefined
    }
  }
  await file.sync()
  for (const zone of emptied) zones.release(zone)
}

/**
 * A summary leaves out what was cut off. But a zone that loses its summary is read through again, and
 * by then the batch would be an old one that had been durable. Without a head it is found no more.
 */
async function wipe(file: DiskFile, { zones, cut }: Pick<Sealing, 'zones' | 'cut'>): Promise<void> {
  for (const { zone, from } of cut) {
    await file.write(zoneStart(zones.layout, zone) + from, new Uint8Array(SECTOR_BYTES))
  }
}
