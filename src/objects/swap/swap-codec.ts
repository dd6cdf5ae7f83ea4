import { PotluckError } from '../../base/errors.ts'
import type { SwapChange } from '../operation.ts'

const HEAD_BYTES = 16
/** In place of a length: the key is deleted. */
const DELETED = 0xffff_ffff

/** A shard's part of a swap as an intent keeps it. */
export function encodeChanges(changes: readonly SwapChange[]): Buffer {
  const parts: Uint8Array[] = []
  for (const { key, expected, bytes } of changes) {
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeUInt16LE(key.length, 0)
    head.writeUIntLE(expected, 2, 6)
    head.writeUInt32LE(bytes?.length ?? DELETED, 8)
    parts.push(head, key, bytes ?? new Uint8Array(0))
  }
  return Buffer.concat(parts)
}

/** @throws PotluckError CORRUPT */
export function decodeChanges(bytes: Buffer): SwapChange[] {
  const changes: SwapChange[] = []
  for (let at = 0; at < bytes.length;) {
    if (at + HEAD_BYTES > bytes.length) throw new PotluckError('CORRUPT', 'an intent is damaged')
    const keyEnd = at + HEAD_BYTES + bytes.readUInt16LE(at)
    const length = bytes.readUInt32LE(at + 8)
    const end = keyEnd + (length === DELETED ? 0 : length)
    if (end > bytes.length) throw new PotluckError('CORRUPT', 'an intent is damaged')
    changes.push({
      key: bytes.subarray(at + HEAD_BYTES, keyEnd),
      expected: bytes.readUIntLE(at + 2, 6),
      ...(length === DELETED ? {} : { bytes: bytes.subarray(keyEnd, end) }),
    })
    at = end
  }
  return changes
}
