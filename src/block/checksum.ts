import { crc32 } from 'node:zlib'

/** CRC-32 (IEEE 802.3) of a block's bytes: made where they were read, checked where they arrive. */
export function checksumOf(bytes: Uint8Array): number {
  return crc32(bytes)
}
