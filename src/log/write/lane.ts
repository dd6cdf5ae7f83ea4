import assert from 'node:assert/strict'
import { BATCH_HEAD_BYTES } from '../format/batch.ts'
import { Entries } from '../format/entries.ts'
import type { KeyHash } from '../format/hash.ts'
import {
  type Layout,
  MOST_BATCH_BYTES,
  roundUp,
  SECTOR_BYTES,
  zoneStart,
} from '../format/layout.ts'
import { COMPACT, headBytes, recordBytes, type RecordHead, writeHead } from '../format/record.ts'
import { summaryBytes } from '../format/zone-marks.ts'
import type { Zone } from '../zones/zone.ts'
import type { ZoneTable } from '../zones/zone-table.ts'
import { Batch } from './batch.ts'
import type { Buffers } from './buffers.ts'

export type NewRecord = {
  readonly head: RecordHead
  readonly hash: KeyHash
  readonly payload: Uint8Array
}

/** What is written now, and what collection moves. */
export type Stream = 'new' | 'moved'

/** The most that records which become visible together may take, at worst, in a batch. */
export function worstBytes(records: readonly NewRecord[], grainBytes: number): number {
  let bytes = 0
  for (const { head } of records) {
    // Each begins in a new sector.
    bytes += recordBytes(head, grainBytes) + SECTOR_BYTES - grainBytes
  }
  return bytes
}

/** How much `worstBytes` may be: what a new zone takes, and a batch. */
export function mostTogether({ zoneBytes }: Layout): number {
  const batch = MOST_BATCH_BYTES - 2 * SECTOR_BYTES
  // Header, head, and the summary of some thousands of records.
  return Math.min(batch, zoneBytes - 4 * SECTOR_BYTES)
}

export type LaneInit = {
  readonly zones: ZoneTable
  readonly buffers: Buffers
  readonly isForCollection: boolean
  /** A zone was taken. */
  readonly onTaken: () => void
  /** A batch takes no more records. */
  readonly onClosed: (batch: Batch) => void
  /** A zone takes no more batches. */
  readonly onLeft: (zone: Zone) => void
}

/** One stream of records: the zone that they go to, and the batch being filled. */
export class Lane {
  readonly #init: LaneInit
  #zone: Zone | undefined
  #batch: Batch | undefined

  constructor(init: LaneInit) {
    this.#init = init
  }

  get batch(): Batch | undefined {
    return this.#batch
  }

  /** Appends records to one batch. @returns undefined where no zone is free for them */
  append(
    records: readonly NewRecord[],
  ): { readonly grains: number[]; readonly batch: Batch } | undefined {
    const batch = this.#batchFor(records)
    if (batch === undefined) return undefined
    return { grains: records.map((record) => this.#put(batch, record)), batch }
  }

  /** What it is filling is not to wait for company. */
  hurry(): void {
    if (this.#batch !== undefined) this.#batch.isUrgent = true
  }

  close(): void {
    const batch = this.#batch
    if (batch === undefined) return
    this.#batch = undefined
    batch.zone.used += batch.bytes
    this.#init.onClosed(batch)
  }

  leave(): void {
    this.close()
    const zone = this.#zone
    if (zone === undefined) return
    this.#zone = undefined
    zone.state = 'full'
    this.#init.onLeft(zone)
  }

  /** A batch could not be written: the next one may take its place. */
  rewind(batch: Batch): void {
    if (batch.zone !== this.#zone) return
    const start = zoneStart(this.#init.zones.layout, batch.zone.index)
    this.#zone.used = Math.min(this.#zone.used, Math.max(batch.at - start, SECTOR_BYTES))
  }

  get #grainBytes(): number {
    return this.#init.zones.layout.grainBytes
  }

  #batchFor(records: readonly NewRecord[]): Batch | undefined {
    const bytes = worstBytes(records, this.#grainBytes)
    assert(
      bytes <= mostTogether(this.#init.zones.layout),
      `${bytes} bytes to become visible together`,
    )
    if (this.#batch !== undefined && this.#batch.freeBytes < bytes) this.close()
    if (!this.#fits(bytes, records.length)) this.leave()
    this.#zone ??= this.#newZone()
    if (this.#zone === undefined) return undefined
    this.#batch ??= this.#newBatch(this.#zone, bytes)
    return this.#batch
  }

  #newBatch(zone: Zone, bytes: number): Batch {
    const { zones, buffers } = this.#init
    const needed = bytes + roundUp(BATCH_HEAD_BYTES, this.#grainBytes) + SECTOR_BYTES
    return new Batch({ layout: zones.layout, zone, buffer: buffers.take(needed) })
  }

  #fits(bytes: number, records: number): boolean {
    const zone = this.#zone
    if (zone === undefined) return true
    const used = zone.used + (this.#batch?.bytes ?? 0)
    const summary = summaryBytes((zone.entries?.count ?? 0) + records)
    const needed = roundUp(bytes, SECTOR_BYTES) + SECTOR_BYTES
    return used + needed + summary <= this.#init.zones.layout.zoneBytes
  }

  #newZone(): Zone | undefined {
    const zone = this.#init.zones.take(this.#init.isForCollection)
    if (zone === undefined) return undefined
    zone.entries = new Entries()
    this.#init.onTaken()
    return zone
  }

  #put(batch: Batch, { head, hash, payload }: NewRecord): number {
    const bytes = recordBytes(head, this.#grainBytes)
    // What is moved is packed, whatever it was.
    const isCompact = this.#init.isForCollection || (head.flags & COMPACT) !== 0
    const { place, room } = batch.reserve(bytes, isCompact)
    const from = headBytes(head)
    room.set(payload, from)
    room.fill(0, from + payload.length)
    writeHead(room, head, batch.zone.generation)
    const grain = place / this.#grainBytes
    const grains = bytes / this.#grainBytes
    const { kind, flags, version, owner } = head
    batch.zone.entries?.add({ ...hash, grain, grains, version, owner, kind, flags })
    return grain
  }
}
