// The log's format on disk. Written for whoever must read a log without us.
//
// One file a shard, of fixed size: a superblock, its copy, then zones of equal size. All numbers are
// little-endian; a place is a byte offset in the file, a *grain* (a place ÷ grainBytes) fits 32 bits.
//
//   file   superblock | copy | … 64 KiB | zone 0 | zone 1 | …
//   zone   header (1 sector) | batch | batch | … free … | summary: entries, footer (last 64 bytes)
//   batch  head (1 grain) | record | record | … zeros to the end of the sector
//   record head (32 bytes) | key | next | payload | zeros to the end of the grain
//
// A *batch* is what one write puts down, whole or not at all: what must be visible together is in
// one batch. Batches are numbered in the order they are written, over all zones. A sector is written
// once in a life of its zone, so nothing that was acknowledged is ever in a sector being written.
//
// *Lives*. Each time a zone is taken into use it gets a generation, 47 bits drawn at random. Heads of
// batches name it and the checksums of records are seeded with it, so whatever an earlier life left
// behind can't be taken for new. A zone is given up in this order: everything that has taken the
// place of its records is synced; its header is overwritten by one that says so (and keeps the
// newest version and number there were), and its footer by one that names the life that is over;
// that is synced; only then is it punched, if zones are plenty and enough of the free ones have their
// space, and used again. So what is found
// after a crash is the zone as it was, or nothing, whatever is left of it between its two ends.
//
// *Sealed*. When a zone is full and all of it is synced, its summary is written: 32 bytes a record,
// from which the index is rebuilt without reading the records. A summary proves that its zone is
// durable. Zones without one are read through at open, batch by batch.
//
// *The tail*. The head of each batch says up to which batch everything was durable when it was
// written. Behind the newest such number the batches found must follow one another without a gap,
// each of them whole; the first that is not ends the log, and what was behind it is never looked at
// again: the heads of its batches are wiped before anything else is written. Before it, damage is
// damage: the record is reported and left out, the others stay.
//
// *The newest version of a key counts.* A deletion is a record too, and goes only when no zone holds
// what was dead when it came. This room must never rewrite a sector, and never free what may be
// needed after a crash.
import assert from 'node:assert/strict'

export const FORMAT_VERSION = 1
export const SECTOR_BYTES = 4096
/** Where zone 0 begins. */
export const ZONES_FROM = 65_536
const LEAST_GRAIN_BYTES = 64
const ADDRESSES = 2 ** 32

export const LEAST_ZONE_BYTES = 65_536
const MOST_ZONE_BYTES = 64 * 1024 * 1024
/** Two that are written to, and as many that collection may fill while nothing is free. */
export const LEAST_ZONES = 8
/** So many zones are aimed at: a small log has small ones. */
const ZONES_AIMED_AT = 64

/** Of a batch with its head, and so of what can be visible together. */
export const MOST_BATCH_BYTES = 4 * 1024 * 1024

export type Layout = {
  readonly zoneBytes: number
  readonly zones: number
  /** Records begin at multiples of it. 64 up to 256 GiB, then what 32 bits of address ask for. */
  readonly grainBytes: number
  readonly sizeBytes: number
}

/** The layout of a new log of about so many bytes, never more. */
export function layoutFor(sizeBytes: number, zoneBytes = zoneBytesFor(sizeBytes)): Layout {
  assert(zoneBytes % SECTOR_BYTES === 0 && zoneBytes >= LEAST_ZONE_BYTES, `zones of ${zoneBytes}`)
  const zones = Math.floor((sizeBytes - ZONES_FROM) / zoneBytes)
  assert(zones >= LEAST_ZONES, `${sizeBytes} bytes give ${zones} zones, ${LEAST_ZONES} are needed`)
  let grainBytes = LEAST_GRAIN_BYTES
  while (sizeBytes / grainBytes >= ADDRESSES) grainBytes *= 2
  assert(grainBytes <= SECTOR_BYTES, `a log of ${sizeBytes} bytes; 16 TiB are the most`)
  return { zoneBytes, zones, grainBytes, sizeBytes: ZONES_FROM + zones * zoneBytes }
}

/** The least size of a log that holds objects of any size. */
export const LEAST_LOG_BYTES = ZONES_FROM + 2 * LEAST_ZONES * 1024 * 1024

function zoneBytesFor(sizeBytes: number): number {
  let zoneBytes = 1024 * 1024
  while (zoneBytes < MOST_ZONE_BYTES && zoneBytes * 2 * ZONES_AIMED_AT <= sizeBytes) zoneBytes *= 2
  return zoneBytes
}

export function zoneStart(layout: Layout, zone: number): number {
  return ZONES_FROM + zone * layout.zoneBytes
}

export function zoneOf(layout: Layout, place: number): number {
  return Math.floor((place - ZONES_FROM) / layout.zoneBytes)
}

export function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit
}
