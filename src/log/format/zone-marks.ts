// The two marks of a zone: its header, written with its first batch, and the footer of its summary,
// written when all before it is durable.
import { crc32 } from 'node:zlib'
import { roundUp, SECTOR_BYTES } from './layout.ts'
import { isSealed, seal } from './seal.ts'

export const ENTRY_BYTES = 32
export const FOOTER_BYTES = 64
/** 'PZON', 'PFRE', 'PSUM', 'PEND' */
const HEADER_MAGIC = 0x4e4f5a50
const FREED_MAGIC = 0x45524650
const FOOTER_MAGIC = 0x4d555350
const ENDED_MAGIC = 0x444e4550

/** What the newest had when something was written. */
export type Heights = {
  /** Every batch up to this one was durable. */
  readonly durable: number
  /** The last batch, whatever became of it. */
  readonly number: number
  readonly version: number
}

export type ZoneHeader =
  | { readonly type: 'used'; readonly generation: number }
  /** Nothing lives there. */
  | ({ readonly type: 'freed' } & Heights)

export function writeUsedHeader(into: Buffer, zone: number, generation: number): void {
  into.fill(0, 0, SECTOR_BYTES)
  into.writeUIntLE(generation, 16, 6)
  finishHeader(into, zone, HEADER_MAGIC)
}

export function freedHeader(zone: number, { durable, number, version }: Heights): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES)
  sector.writeUIntLE(number, 16, 6)
  sector.writeUIntLE(version, 24, 6)
  sector.writeUIntLE(durable, 32, 6)
  finishHeader(sector, zone, FREED_MAGIC)
  return sector
}

function finishHeader(sector: Buffer, zone: number, magic: number): void {
  sector.writeUInt32LE(magic, 0)
  sector.writeUInt32LE(zone, 8)
  sector.writeUInt32LE(crc32(sector.subarray(8, SECTOR_BYTES), magic), 4)
}

/** Undefined where it is damaged; a zone that was never used is as good as freed. */
export function readZoneHeader(sector: Buffer, zone: number): ZoneHeader | undefined {
  if (sector.every((byte) => byte === 0))
    return { type: 'freed', durable: 0, number: 0, version: 0 }
  const magic = sector.readUInt32LE(0)
  const isWhole =
    sector.readUInt32LE(4) === crc32(sector.subarray(8, SECTOR_BYTES), magic) &&
    sector.readUInt32LE(8) === zone
  if (!isWhole) return undefined
  if (magic === HEADER_MAGIC) return { type: 'used', generation: sector.readUIntLE(16, 6) }
  if (magic !== FREED_MAGIC) return undefined
  return {
    type: 'freed',
    number: sector.readUIntLE(16, 6),
    version: sector.readUIntLE(24, 6),
    durable: sector.readUIntLE(32, 6),
  }
}

export type ZoneFooter = Heights & {
  readonly generation: number
  readonly entries: number
  readonly entriesChecksum: number
}

export function writeZoneFooter(into: Buffer, footer: ZoneFooter): void {
  into.fill(0, 0, FOOTER_BYTES)
  into.writeUIntLE(footer.generation, 8, 6)
  into.writeUInt32LE(footer.entries, 16)
  into.writeUInt32LE(footer.entriesChecksum, 20)
  into.writeUIntLE(footer.durable, 24, 6)
  into.writeUIntLE(footer.version, 32, 6)
  into.writeUIntLE(footer.number, 40, 6)
  seal(into.subarray(0, FOOTER_BYTES), FOOTER_MAGIC)
}

export function readZoneFooter(bytes: Buffer): ZoneFooter | undefined {
  if (!isSealed(bytes.subarray(0, FOOTER_BYTES), FOOTER_MAGIC)) return undefined
  return {
    generation: bytes.readUIntLE(8, 6),
    entries: bytes.readUInt32LE(16),
    entriesChecksum: bytes.readUInt32LE(20),
    durable: bytes.readUIntLE(24, 6),
    version: bytes.readUIntLE(32, 6),
    number: bytes.readUIntLE(40, 6),
  }
}

/** The last sector of a zone that was freed: what this life left behind is over. */
export function endedFooter(generation: number): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES)
  const footer = sector.subarray(SECTOR_BYTES - FOOTER_BYTES)
  footer.writeUIntLE(generation, 8, 6)
  seal(footer, ENDED_MAGIC)
  return sector
}

/** The life that is over, of a zone's last bytes; undefined where nothing of the kind is said. */
export function readEndedFooter(bytes: Buffer): number | undefined {
  return isSealed(bytes.subarray(0, FOOTER_BYTES), ENDED_MAGIC) ? bytes.readUIntLE(8, 6) : undefined
}

/** What the summary of so many records takes at the end of a zone. */
export function summaryBytes(entries: number): number {
  return roundUp(entries * ENTRY_BYTES + FOOTER_BYTES, SECTOR_BYTES)
}
