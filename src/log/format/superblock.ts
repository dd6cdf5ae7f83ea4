import { crc32 } from 'node:zlib'
import { PotluckError } from '../../base/errors.ts'
import { FORMAT_VERSION, type Layout, layoutFor, SECTOR_BYTES } from './layout.ts'

/** 'POTLUCKL' */
const MAGIC = 0x4c4b_4355_4c54_4f50n
const CHECKED_BYTES = 128

/** Written once, when the log is made. */
export type Superblock = {
  readonly layout: Layout
  /** Of every key's hash. */
  readonly seed: number
  /** Which shard this is, of how many: keys lie where they were put. */
  readonly shard: number
  readonly shards: number
}

/** One sector; two of them stand at the beginning of the file. */
export function encodeSuperblock({ layout, seed, shard, shards }: Superblock): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES)
  sector.writeBigUInt64LE(MAGIC, 0)
  sector.writeUInt32LE(FORMAT_VERSION, 12)
  sector.writeUInt32LE(layout.zoneBytes, 16)
  sector.writeUInt32LE(layout.zones, 20)
  sector.writeUInt32LE(layout.grainBytes, 24)
  sector.writeUInt32LE(seed, 28)
  sector.writeUInt32LE(shard, 32)
  sector.writeUInt32LE(shards, 36)
  sector.writeUInt32LE(crc32(sector.subarray(12, CHECKED_BYTES)), 8)
  return sector
}

/** Undefined where there is none. @throws PotluckError ENOTSUP of a newer format */
export function decodeSuperblock(sector: Buffer): Superblock | undefined {
  if (sector.readBigUInt64LE(0) !== MAGIC) return undefined
  if (sector.readUInt32LE(8) !== crc32(sector.subarray(12, CHECKED_BYTES))) return undefined
  const version = sector.readUInt32LE(12)
  if (version !== FORMAT_VERSION) {
    throw new PotluckError('ENOTSUP', `the log has format ${version}, this is ${FORMAT_VERSION}`)
  }
  const zoneBytes = sector.readUInt32LE(16)
  const zones = sector.readUInt32LE(20)
  return {
    layout: layoutFor(zones * zoneBytes + 65_536, zoneBytes),
    seed: sector.readUInt32LE(28),
    shard: sector.readUInt32LE(32),
    shards: sector.readUInt32LE(36),
  }
}
