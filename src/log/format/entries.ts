import type { KeyHash } from './hash.ts'
import { ENTRY_BYTES } from './zone-marks.ts'

/** What a zone's summary says of one record. */
export type Entry = KeyHash & {
  readonly grain: number
  /** On disk, in grains. */
  readonly grains: number
  readonly version: number
  readonly owner: number
  readonly kind: number
  readonly flags: number
}

const FIRST_ENTRIES = 64

/** The entries of one zone, in the order of its records, in the form they have on disk. */
export class Entries {
  #bytes: Buffer
  #count = 0

  constructor(bytes: Buffer = Buffer.alloc(FIRST_ENTRIES * ENTRY_BYTES), count = 0) {
    this.#bytes = bytes
    this.#count = count
  }

  get count(): number {
    return this.#count
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#count * ENTRY_BYTES)
  }

  add(entry: Entry): void {
    const at = this.#count * ENTRY_BYTES
    if (at === this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes], Math.max(2 * at, FIRST_ENTRIES * ENTRY_BYTES))
    }
    this.#count += 1
    const bytes = this.#bytes
    bytes.writeUInt32LE(entry.tag, at)
    bytes.writeUInt32LE(entry.middle, at + 4)
    bytes.writeUInt32LE(entry.low, at + 8)
    bytes.writeUInt32LE(entry.grain, at + 12)
    bytes.writeUIntLE(entry.version, at + 16, 6)
    bytes.writeUIntLE(entry.owner, at + 22, 6)
    // 16,384 grains of 64 bytes are a record of the largest size, so 16 bits are enough.
    bytes.writeUInt16LE(entry.grains, at + 28)
    bytes[at + 30] = entry.kind
    bytes[at + 31] = entry.flags
  }

  /** Forgets the last ones, down to `count`. */
  truncate(count: number): void {
    this.#count = Math.min(this.#count, count)
  }

  at(index: number): Entry {
    const at = index * ENTRY_BYTES
    const bytes = this.#bytes
    return {
      tag: bytes.readUInt32LE(at),
      middle: bytes.readUInt32LE(at + 4),
      low: bytes.readUInt32LE(at + 8),
      grain: bytes.readUInt32LE(at + 12),
      version: bytes.readUIntLE(at + 16, 6),
      owner: bytes.readUIntLE(at + 22, 6),
      grains: bytes.readUInt16LE(at + 28),
      kind: bytes[at + 30] ?? 0,
      flags: bytes[at + 31] ?? 0,
    }
  }
}
