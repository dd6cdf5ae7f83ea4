import assert from 'node:assert/strict'
import { hashOf, type KeyHash } from './format/hash.ts'
import { MOST_KEY_BYTES } from './format/record.ts'

/** A key as the log knows it: what sort of thing it names, its bytes, and their hash. */
export type LogKey = {
  readonly kind: number
  readonly bytes: Uint8Array
  readonly hash: KeyHash
}

export function logKey(kind: number, bytes: Uint8Array, seed: number): LogKey {
  assert(kind > 0 && kind < 256 && bytes.length <= MOST_KEY_BYTES)
  return { kind, bytes, hash: hashOf(bytes, seed ^ Math.imul(kind, 0x9e3779b9)) }
}
