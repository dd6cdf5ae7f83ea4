import type { Entry } from '../format/entries.ts'

const FULL = 0.6

/** What became of a record that was shown to the table. */
export type Loser = { readonly grain: number; readonly version: number }

/** The newest record of each key, keys being told apart by 96 bits of their hash. */
export class Newest {
  readonly #mask: number
  readonly #hashes: Uint32Array
  readonly #places: Uint32Array
  readonly #versions: Float64Array
  readonly #owners: Float64Array
  readonly #kinds: Uint16Array

  /** @param entries how many will be shown to it at most */
  constructor(entries: number) {
    let slots = 64
    while (slots * FULL < entries) slots *= 2
    this.#mask = slots - 1
    this.#hashes = new Uint32Array(slots * 3)
    this.#places = new Uint32Array(slots * 2)
    this.#versions = new Float64Array(slots)
    this.#owners = new Float64Array(slots)
    this.#kinds = new Uint16Array(slots)
  }

  /** @returns the record that is not the newest of its key, of the one given and the one known */
  add(entry: Entry): Loser | undefined {
    const hashes = this.#hashes
    for (let slot = entry.low & this.#mask; ; slot = (slot + 1) & this.#mask) {
      if (this.#places[slot * 2] === 0) return this.#put(slot, entry)
      const isSame =
        hashes[slot * 3] === entry.tag &&
        hashes[slot * 3 + 1] === entry.middle &&
        hashes[slot * 3 + 2] === entry.low
      if (!isSame) continue
      const version = this.#versions[slot] ?? 0
      if (version >= entry.version) return entry
      const loser = { grain: this.#places[slot * 2] ?? 0, version }
      this.#put(slot, entry)
      return loser
    }
  }

  *entries(): Generator<Entry> {
    for (let slot = 0; slot <= this.#mask; slot++) {
      if (this.#places[slot * 2] !== 0) yield this.#at(slot)
    }
  }

  #put(slot: number, entry: Entry): undefined {
    this.#hashes[slot * 3] = entry.tag
    this.#hashes[slot * 3 + 1] = entry.middle
    this.#hashes[slot * 3 + 2] = entry.low
    this.#places[slot * 2] = entry.grain
    this.#places[slot * 2 + 1] = entry.grains
    this.#versions[slot] = entry.version
    this.#owners[slot] = entry.owner
    this.#kinds[slot] = entry.kind * 256 + entry.flags
  }

  #at(slot: number): Entry {
    const kinds = this.#kinds[slot] ?? 0
    return {
      tag: this.#hashes[slot * 3] ?? 0,
      middle: this.#hashes[slot * 3 + 1] ?? 0,
      low: this.#hashes[slot * 3 + 2] ?? 0,
      grain: this.#places[slot * 2] ?? 0,
      grains: this.#places[slot * 2 + 1] ?? 0,
      version: this.#versions[slot] ?? 0,
      owner: this.#owners[slot] ?? 0,
      kind: kinds >> 8,
      flags: kinds & 255,
    }
  }
}
