// How a mark says what it is and that it is whole: what kind it is in its first four bytes, then the
// checksum of all that follows.
import { crc32 } from 'node:zlib'

const CHECKED_FROM = 8

/** Finishes a mark whose own fields begin at byte 8. */
export function seal(mark: Buffer, magic: number): void {
  mark.writeUInt32LE(magic, 0)
  mark.writeUInt32LE(crc32(mark.subarray(CHECKED_FROM)), 4)
}

export function isSealed(mark: Buffer, magic: number): boolean {
  return (
    mark.readUInt32LE(0) === magic && mark.readUInt32LE(4) === crc32(mark.subarray(CHECKED_FROM))
  )
}
