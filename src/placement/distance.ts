// XOR arithmetic on keys. Kademlia (Maymounkov and Mazières, 2002), section 2.
import type { Key } from '../ports/messages.ts'

export const KEY_BYTES = 32
export const KEY_BITS = KEY_BYTES * 8

/** How many leading bits two keys share, 0 to 256. */
export function commonPrefixBits(a: Key, b: Key): number {
  for (let i = 0; i < KEY_BYTES; i++) {
    const difference = a.charCodeAt(i) ^ b.charCodeAt(i)
    if (difference !== 0) return i * 8 + Math.clz32(difference) - 24
  }
  return KEY_BITS
}

/** Negative where `a` is closer to the key than `b`, positive where `b` is, 0 where they are one. */
export function compareDistance(key: Key, a: Key, b: Key): number {
  for (let i = 0; i < KEY_BYTES; i++) {
    const byA = a.charCodeAt(i)
    const byB = b.charCodeAt(i)
    if (byA !== byB) return (byA ^ key.charCodeAt(i)) - (byB ^ key.charCodeAt(i))
  }
  return 0
}

/** Compares the first `bits` bits of two keys as a number: negative, 0 or positive. */
export function comparePrefix(a: Key, b: Key, bits: number): number {
  const whole = bits >> 3
  for (let i = 0; i < whole; i++) {
    const difference = a.charCodeAt(i) - b.charCodeAt(i)
    if (difference !== 0) return difference
  }
  const rest = bits & 7
  if (rest === 0) return 0
  const shift = 8 - rest
  return (a.charCodeAt(whole) >> shift) - (b.charCodeAt(whole) >> shift)
}
