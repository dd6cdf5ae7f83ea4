// MurmurHash3, the 128-bit variant for 32-bit machines (Austin Appleby, public domain): what places a
// key in the index, tells keys apart when the index is rebuilt, and picks a key's shard. Seeded with
// a number drawn when the log is made, so that nobody can choose keys that collide.

/** 128 bits. `tag` is in the index, `tag`, `middle` and `low` are in summaries. */
export type KeyHash = {
  readonly tag: number
  readonly middle: number
  readonly low: number
}

const C1 = 0x239b961b
const C2 = 0xab0e9789
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by))
}

function finish(x: number): number {
  let h = x
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  )
}

/** Bytes beyond the end count as zeros; the length is mixed in, so that they are not confused. */
export function hashOf(bytes: Uint8Array, seed: number): KeyHash {
  const { length } = bytes
  let a = seed | 0
  let b = seed | 0
  let c = seed | 0
  let d = seed | 0
  for (let at = 0; at < length; at += 16) {
    a ^= Math.imul(rotate(Math.imul(word(bytes, at), C1), 15), C2)
    a = (Math.imul((rotate(a, 19) + b) | 0, 5) + 0x561ccd1b) | 0
    b ^= Math.imul(rotate(Math.imul(word(bytes, at + 4), C2), 16), C3)
    b = (Math.imul((rotate(b, 17) + c) | 0, 5) + 0x0bcaa747) | 0
    c ^= Math.imul(rotate(Math.imul(word(bytes, at + 8), C3), 17), C4)
    c = (Math.imul((rotate(c, 15) + d) | 0, 5) + 0x96cd1c35) | 0
    d ^= Math.imul(rotate(Math.imul(word(bytes, at + 12), C4), 18), C1)
    d = (Math.imul((rotate(d, 13) + a) | 0, 5) + 0x32ac3b17) | 0
  }
  a ^= length
  b ^= length
  c ^= length
  d ^= length
  a = (a + b + c + d) | 0
  const [e, f, g] = [finish(a), finish((b + a) | 0), finish((c + a) | 0)]
  const sum = (e + f + g + finish((d + a) | 0)) | 0
  return { tag: sum >>> 0, middle: (f + sum) >>> 0, low: (g + sum) >>> 0 }
}
