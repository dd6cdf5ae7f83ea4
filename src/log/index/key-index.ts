// Where each key's record lies: 8 bytes an entry, a 32-bit tag out of the key's hash and a 32-bit
// grain. Keys themselves are on disk: an entry whose tag fits may be another key's, and whoever looks
// reads the record to know.
//
// Extendible hashing (Fagin et al., 1979): a directory, indexed by the tag's first bits, of segments
// of 512 slots. A segment that is full is split in two, so the most that an insertion ever moves is
// 512 entries; the directory, when it doubles, is copied: 4 bytes for a whole segment.
// It must never hold two entries of one grain, nor lose one of them because tags are equal.
import assert from 'node:assert/strict'
import { PotluckError } from '../../base/errors.ts'

const SLOTS = 512
/** Fuller than this, a search takes too many steps. */
const MOST_USED = 468
const SEGMENTS_A_SLAB = 256
const SEGMENT_WORDS = SLOTS * 2
const MOST_DEPTH = 22

export type IndexEntry = { readonly tag: number; readonly grain: number }

export class KeyIndex {
  #depth = 0
  #directory = new Uint32Array(1)
  #segments = 1
  #depths = new Uint8Array(SEGMENTS_A_SLAB)
  #used = new Uint16Array(SEGMENTS_A_SLAB)
  readonly #slabs: Uint32Array[] = [new Uint32Array(SEGMENTS_A_SLAB * SEGMENT_WORDS)]
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Bytes of memory, with room for what comes next. */
  get bytes(): number {
    const slabs = this.#slabs.length * SEGMENTS_A_SLAB * SEGMENT_WORDS * 4
    return slabs + this.#directory.byteLength + this.#depths.byteLength + this.#used.byteLength
  }

  /** The grains under a tag: one for the key, seldom more. */
  find(tag: number): number[] {
    const segment = this.#segmentOf(tag)
    const words = this.#words(segment)
    const base = baseOf(segment)
    const found: number[] = []
    for (let slot = tag % SLOTS; ; slot = (slot + 1) % SLOTS) {
      const grain = words[base + 2 * slot + 1] ?? 0
      if (grain === 0) return found
      if (words[base + 2 * slot] === tag) found.push(grain)
    }
  }

  has(tag: number, grain: number): boolean {
    return this.#slotOf(this.#segmentOf(tag), tag, grain) !== undefined
  }

  /** @throws PotluckError ENOSPC when no segment can be split any more (2^31 entries) */
  add(tag: number, grain: number): void {
    assert(grain > 0, 'no record lies at grain 0')
    let segment = this.#segmentOf(tag)
    while ((this.#used[segment] ?? 0) >= MOST_USED) {
      this.#split(segment)
      segment = this.#segmentOf(tag)
    }
    this.#insert(segment, tag, grain)
    this.#size += 1
  }

  /** The record has moved. False where no such entry is. */
  replace(tag: number, from: number, to: number): boolean {
    const segment = this.#segmentOf(tag)
    const slot = this.#slotOf(segment, tag, from)
    if (slot === undefined) return false
    this.#words(segment)[baseOf(segment) + 2 * slot + 1] = to
    return true
  }

  remove(tag: number, grain: number): boolean {
    const segment = this.#segmentOf(tag)
    const slot = this.#slotOf(segment, tag, grain)
    if (slot === undefined) return false
    this.#close(segment, slot)
    this.#used[segment] = (this.#used[segment] ?? 1) - 1
    this.#size -= 1
    return true
  }

  /**
   * All entries of the segment that holds `tag`, and the first tag behind it, undefined at the end.
   * Going on from there meets every entry that stays in the index, once, whatever is split meanwhile.
   */
  segmentFrom(tag: number): { entries: IndexEntry[]; next: number | undefined } {
    const segment = this.#segmentOf(tag)
    const words = this.#words(segment)
    const base = baseOf(segment)
    const entries: IndexEntry[] = []
    for (let word = base; word < base + SEGMENT_WORDS; word += 2) {
      const entry = { tag: words[word] ?? 0, grain: words[word + 1] ?? 0 }
      if (entry.grain !== 0 && entry.tag >= tag) entries.push(entry)
    }
    const width = 2 ** (32 - (this.#depths[segment] ?? 0))
    const next = (Math.floor(tag / width) + 1) * width
    return { entries, next: next < 2 ** 32 ? next : undefined }
  }

  #segmentOf(tag: number): number {
    const place = this.#depth === 0 ? 0 : tag >>> (32 - this.#depth)
    return this.#directory[place] ?? 0
  }

  #words(segment: number): Uint32Array {
    const slab = this.#slabs[Math.floor(segment / SEGMENTS_A_SLAB)]
    assert(slab !== undefined, `segment ${segment}`)
    return slab
  }

  #slotOf(segment: number, tag: number, grain: number): number | undefined {
    const words = this.#words(segment)
    const base = baseOf(segment)
    for (let slot = tag % SLOTS; ; slot = (slot + 1) % SLOTS) {
      const found = words[base + 2 * slot + 1] ?? 0
      if (found === 0) return undefined
      if (found === grain && words[base + 2 * slot] === tag) return slot
    }
  }

  #insert(segment: number, tag: number, grain: number): void {
    const words = this.#words(segment)
    const base = baseOf(segment)
    let slot = tag % SLOTS
    while (words[base + 2 * slot + 1] !== 0) slot = (slot + 1) % SLOTS
    words[base + 2 * slot] = tag
    words[base + 2 * slot + 1] = grain
    this.#used[segment] = (this.#used[segment] ?? 0) + 1
  }

  /** Empties a slot, and moves up what was behind it because this slot was taken. */
  #close(segment: number, slot: number): void {
    const words = this.#words(segment)
    const base = baseOf(segment)
    let hole = slot
    for (let next = (slot + 1) % SLOTS; ; next = (next + 1) % SLOTS) {
      const grain = words[base + 2 * next + 1] ?? 0
      if (grain === 0) break
      const tag = words[base + 2 * next] ?? 0
      const isAtHome = (next - (tag % SLOTS) + SLOTS) % SLOTS < (next - hole + SLOTS) % SLOTS
      if (isAtHome) continue
      words[base + 2 * hole] = tag
      words[base + 2 * hole + 1] = grain
      hole = next
    }
    words[base + 2 * hole + 1] = 0
  }

  #split(segment: number): void {
    const depth = this.#depths[segment] ?? 0
    if (depth >= MOST_DEPTH) throw new PotluckError('ENOSPC', 'the index of the log is full')
    const other = this.#newSegment()
    this.#depths[segment] = depth + 1
    this.#depths[other] = depth + 1
    const words = this.#words(segment)
    const base = baseOf(segment)
    const held = words.slice(base, base + SEGMENT_WORDS)
    words.fill(0, base, base + SEGMENT_WORDS)
    this.#used[segment] = 0
    if (depth === this.#depth) this.#double()
    this.#pointUpperHalf(held, { segment, other, depth })
    for (let word = 0; word < SEGMENT_WORDS; word += 2) {
      const [tag, grain] = [held[word] ?? 0, held[word + 1] ?? 0]
      if (grain !== 0) this.#insert(this.#segmentOf(tag), tag, grain)
    }
  }

  #pointUpperHalf(
    held: Uint32Array,
    { segment, other, depth }: { segment: number; other: number; depth: number },
  ): void {
    // Any of its tags says where in the directory the segment is.
    let word = 0
    while (held[word + 1] === 0) word += 2
    const tag = held[word] ?? 0
    const width = 2 ** (this.#depth - depth)
    const place = this.#depth === 0 ? 0 : tag >>> (32 - this.#depth)
    const from = Math.floor(place / width) * width
    assert(this.#directory[from] === segment, 'the directory leads to the segment that is split')
    this.#directory.fill(other, from + width / 2, from + width)
  }

  #double(): void {
    const larger = new Uint32Array(this.#directory.length * 2)
    for (let i = 0; i < larger.length; i++) larger[i] = this.#directory[i >> 1] ?? 0
    this.#directory = larger
    this.#depth += 1
  }

  #newSegment(): number {
    const segment = this.#segments
    this.#segments += 1
    if (segment === this.#slabs.length * SEGMENTS_A_SLAB) {
      this.#slabs.push(new Uint32Array(SEGMENTS_A_SLAB * SEGMENT_WORDS))
    }
    if (segment === this.#depths.length) {
      this.#depths = grown(this.#depths, new Uint8Array(2 * segment))
      this.#used = grown(this.#used, new Uint16Array(2 * segment))
    }
    return segment
  }
}

function baseOf(segment: number): number {
  return (segment % SEGMENTS_A_SLAB) * SEGMENT_WORDS
}

function grown<T extends Uint8Array | Uint16Array>(from: T, to: T): T {
  to.set(from)
  return to
}
