import { crc32 } from 'node:zlib'
import { PotluckError } from '../../base/errors.ts'
import type { DiskFile } from '../../ports/disk.ts'
import { Entries } from './entries.ts'
import { type Layout, SECTOR_BYTES, zoneStart } from './layout.ts'
import {
  FOOTER_BYTES,
  type Heights,
  readZoneFooter,
  summaryBytes,
  writeZoneFooter,
  type ZoneFooter,
} from './zone-marks.ts'

/** A zone in one of its lives. */
export type ZoneLife = { readonly index: number; readonly generation: number }

type Summary = {
  readonly zone: ZoneLife
  readonly entries: Entries
  readonly heights: Heights
}

/** Seals a zone all of which is durable. @returns bytes written */
export async function writeSummary(
  file: DiskFile,
  layout: Layout,
  { zone, entries, heights }: Summary,
): Promise<number> {
  const summary = Buffer.alloc(summaryBytes(entries.count))
  summary.set(entries.bytes)
  writeZoneFooter(summary.subarray(summary.length - FOOTER_BYTES), {
    generation: zone.generation,
    entries: entries.count,
    entriesChecksum: crc32(entries.bytes),
    ...heights,
  })
  const end = zoneStart(layout, zone.index) + layout.zoneBytes
  await file.write(end - summary.length, summary)
  return summary.length
}

/** The footer at the end of a zone, of whatever life; undefined where none is whole. */
export async function readFooter(
  file: DiskFile,
  layout: Layout,
  zone: number,
): Promise<ZoneFooter | undefined> {
  const bytes = Buffer.alloc(FOOTER_BYTES)
  const end = zoneStart(layout, zone) + layout.zoneBytes
  await file.read(end - FOOTER_BYTES, bytes)
  const footer = readZoneFooter(bytes)
  if (footer === undefined) return undefined
  return summaryBytes(footer.entries) <= layout.zoneBytes - SECTOR_BYTES ? footer : undefined
}

/** The entries of a sealed zone. @throws PotluckError CORRUPT */
export async function readEntries(
  file: DiskFile,
  layout: Layout,
  zone: ZoneLife,
): Promise<Entries> {
  const footer = await readFooter(file, layout, zone.index)
  if (footer?.generation === zone.generation) {
    const summary = Buffer.allocUnsafe(summaryBytes(footer.entries))
    await file.read(zoneStart(layout, zone.index) + layout.zoneBytes - summary.length, summary)
    const entries = new Entries(summary, footer.entries)
    if (crc32(entries.bytes) === footer.entriesChecksum) return entries
  }
  throw new PotluckError('CORRUPT', `the summary of zone ${zone.index} is damaged`)
}
