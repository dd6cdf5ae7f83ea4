// Where each key's record lies: 8 bytes an entry, a 32-bit tag out of the key's hash and a 32-bit
// grain. Keys themselves are on disk: an entry whose tag fits may be another key's, and whoever looks
// reads the record to know.
//
// Extendible hashing (Fagin et al., 1979): a directory, indexed by the tag's first bits, of segments,
// which are small hash tables. They grow in steps of 32 entries, so that they are always nine tenths
// full, and are split in two where they are as large as they may be. So the most that an insertion
// ever moves is 480 entries; the directory, when it doubles, is copied: 4 bytes for a whole segment.
// It must never hold two entries of one grain, nor lose one of them because tags are equal.
import assert from 'node:assert/strict'
import { PotluckError } from '../../base/errors.ts'
import { MOST_DEPTH, Segments } from './segments.ts'

export type IndexEntry = { readonly tag: number; readonly grain: number }

export class KeyIndex {
  readonly #segments = new Segments()
  #depth = 0
  #directory = Uint32Array.of(this.#segments.make(0))
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Bytes of memory, with room for what comes next. */
  get bytes(): number {
    return this.#segments.bytes + this.#directory.byteLength
  }

  /** The grains under a tag: one for the key, seldom more. */
  find(tag: number): number[] {
    return this.#segments.find(this.#segmentOf(tag), tag)
  }

  has(tag: number, grain: number): boolean {
    return this.#segments.has(this.#segmentOf(tag), tag, grain)
  }

  /** @throws PotluckError ENOSPC when no segment can be split any more (2^31 entries) */
  add(tag: number, grain: number): void {
    assert(grain > 0, 'no record lies at grain 0')
    while (!this.#segments.add(this.#segmentOf(tag), tag, grain)) this.#split(tag)
    this.#size += 1
  }

  /** The record has moved. False where no such entry is. */
  replace(tag: number, from: number, to: number): boolean {
    return this.#segments.replace(this.#segmentOf(tag), tag, { from, to })
  }

  remove(tag: number, grain: number): boolean {
    const isRemoved = this.#segments.remove(this.#segmentOf(tag), tag, grain)
    if (isRemoved) this.#size -= 1
    return isRemoved
  }

  /**
   * All entries of the segment that holds `tag`, and the first tag behind it, undefined at the end.
   * Going on from there meets every entry that stays in the index, once, whatever is split meanwhile.
   */
  segmentFrom(tag: number): { entries: IndexEntry[]; next: number | undefined } {
    const segment = this.#segmentOf(tag)
    const entries: IndexEntry[] = []
    const all = this.#segments.entries(segment)
    for (let i = 0; i < all.length; i += 2) {
      const entry = { tag: all[i] ?? 0, grain: all[i + 1] ?? 0 }
      if (entry.tag >= tag) entries.push(entry)
    }
    const width = 2 ** (32 - this.#segments.depth(segment))
    const next = (Math.floor(tag / width) + 1) * width
    return { entries, next: next < 2 ** 32 ? next : undefined }
  }

  #segmentOf(tag: number): number {
    return this.#directory[this.#placeOf(tag)] ?? 0
  }

  /** In the directory. */
  #placeOf(tag: number): number {
    return this.#depth === 0 ? 0 : tag >>> (32 - this.#depth)
  }

  /** Splits the segment of a tag. */
  #split(tag: number): void {
    const segment = this.#segmentOf(tag)
    const depth = this.#segments.depth(segment)
    if (depth >= MOST_DEPTH) throw new PotluckError('ENOSPC', 'the index of the log is full')
    if (depth === this.#depth) this.#double()
    const other = this.#segments.split(segment)
    const width = 2 ** (this.#depth - depth)
    const from = Math.floor(this.#placeOf(tag) / width) * width
    assert(this.#directory[from] === segment, 'the directory leads to the segment that is split')
    this.#directory.fill(other, from + width / 2, from + width)
  }

  #double(): void {
    const larger = new Uint32Array(this.#directory.length * 2)
    for (let i = 0; i < larger.length; i++) larger[i] = this.#directory[i >> 1] ?? 0
    this.#directory = larger
    this.#depth += 1
  }
}
