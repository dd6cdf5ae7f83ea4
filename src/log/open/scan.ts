// Reads a zone that has no summary, batch by batch, as it is found after a crash.
import { readBatchHead, BATCH_HEAD_BYTES, type BatchHead } from '../format/batch.ts'
import type { Entry } from '../format/entries.ts'
import { type Layout, roundUp, SECTOR_BYTES, zoneStart } from '../format/layout.ts'
import { headBytes, payloadChecksum, readHead, recordBytes } from '../format/record.ts'
import { logKey } from '../log-key.ts'

/** A batch as it was found. */
export type FoundBatch = BatchHead & {
  readonly zone: number
  /** Bytes from the zone's start. */
  readonly from: number
  readonly entries: readonly Entry[]
  /** All its records are there, undamaged. */
  readonly isWhole: boolean
}

export type ScanInit = {
  readonly layout: Layout
  readonly seed: number
  readonly zone: number
  readonly generation: number
  /** The whole zone. */
  readonly bytes: Buffer
}

/** All batches of this life of the zone, also those behind a damaged one. */
export function scanZone(init: ScanInit): FoundBatch[] {
  const found: FoundBatch[] = []
  const { bytes, generation } = init
  for (let from = SECTOR_BYTES; from < bytes.length;) {
    const head = readBatchHead(bytes.subarray(from), generation)
    const isPossible =
      head !== undefined && head.bytes >= SECTOR_BYTES && from + head.bytes <= bytes.length
    if (!isPossible) {
      from += SECTOR_BYTES
      continue
    }
    found.push(scanBatch(init, head, from))
    from += roundUp(head.bytes, SECTOR_BYTES)
  }
  return found
}

function scanBatch(init: ScanInit, head: BatchHead, from: number): FoundBatch {
  const { layout, bytes } = init
  const { grainBytes } = layout
  const entries: Entry[] = []
  const end = from + head.bytes
  let isWhole = true
  for (let at = from + roundUp(BATCH_HEAD_BYTES, grainBytes); at < end;) {
    const record = bytes.subarray(at, end)
    const entry = readEntry(init, record, at)
    if (entry === undefined) {
      // Zeros are the room left so that a record begins in the next sector, or the end.
      const isGap = isZero(record.subarray(0, Math.min(grainBytes, record.length)))
      at = isGap ? at + (SECTOR_BYTES - (at % SECTOR_BYTES)) : at + grainBytes
      if (!isGap) isWhole = false
      continue
    }
    entries.push(entry)
    at += entry.grains * grainBytes
  }
  if (entries.length !== head.records) isWhole = false
  return { ...head, zone: init.zone, from, entries, isWhole }
}

function readEntry(
  { layout, seed, generation, zone }: ScanInit,
  bytes: Buffer,
  at: number,
): Entry | undefined {
  const head = readHead(bytes, generation)
  if (head === undefined) return undefined
  const size = recordBytes(head, layout.grainBytes)
  const from = headBytes(head)
  const payload = bytes.subarray(from, from + head.payloadBytes)
  if (payload.length < head.payloadBytes) return undefined
  if (payloadChecksum(payload) !== head.payloadChecksum) return undefined
  const { kind, flags, version, owner } = head
  return {
    ...logKey(kind, head.key, seed).hash,
    grain: (zoneStart(layout, zone) + at) / layout.grainBytes,
    grains: size / layout.grainBytes,
    version,
    owner,
    kind,
    flags,
  }
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}
