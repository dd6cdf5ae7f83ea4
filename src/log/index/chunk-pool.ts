import assert from 'node:assert/strict'

/** Entries a chunk: 256 bytes, so that a search reads two to four lines of the processor's cache. */
export const CHUNK_SLOTS = 32
const CHUNK_WORDS = 2 * CHUNK_SLOTS
const SLAB_BITS = 8
const CHUNKS_A_SLAB = 1 << SLAB_BITS

/**
 * The memory of an index, in chunks of equal size: whatever grows and shrinks, what one gives back
 * another takes, and nothing that is in use is ever copied to make room.
 *
 * A chunk is 32 tags, then the grains of the same slots. A grain of 0 is an empty slot, and the slots
 * that are taken come first.
 */
export class ChunkPool {
  readonly #slabs: Uint32Array[] = []
  #made = 0
  /** The first of the chunks given back, plus one; each names the next in its first word. */
  #idle = 0

  get bytes(): number {
    return this.#slabs.length * CHUNKS_A_SLAB * CHUNK_WORDS * 4
  }

  /** An empty chunk. */
  take(): number {
    if (this.#idle === 0) return this.#make()
    const chunk = this.#idle - 1
    const [words, base] = [this.wordsOf(chunk), baseOf(chunk)]
    this.#idle = words[base] ?? 0
    words[base] = 0
    return chunk
  }

  give(chunk: number): void {
    this.clear(chunk)
    this.wordsOf(chunk)[baseOf(chunk)] = this.#idle
    this.#idle = chunk + 1
  }

  clear(chunk: number): void {
    const base = baseOf(chunk)
    this.wordsOf(chunk).fill(0, base, base + CHUNK_WORDS)
  }

  /** The words among which the chunk's are, from `baseOf` it on. */
  wordsOf(chunk: number): Uint32Array {
    const slab = this.#slabs[chunk >>> SLAB_BITS]
    assert(slab !== undefined, `no chunk ${chunk}`)
    return slab
  }

  usedIn(chunk: number): number {
    const [words, from] = [this.wordsOf(chunk), baseOf(chunk) + CHUNK_SLOTS]
    let slot = 0
    while (slot < CHUNK_SLOTS && words[from + slot] !== 0) slot += 1
    return slot
  }

  entryAt(chunk: number, slot: number): [tag: number, grain: number] {
    const [words, word] = [this.wordsOf(chunk), baseOf(chunk) + slot]
    return [words[word] ?? 0, words[word + CHUNK_SLOTS] ?? 0]
  }

  put(chunk: number, slot: number, [tag, grain]: readonly [number, number]): void {
    const [words, word] = [this.wordsOf(chunk), baseOf(chunk) + slot]
    words[word] = tag
    words[word + CHUNK_SLOTS] = grain
  }

  #make(): number {
    const chunk = this.#made
    this.#made += 1
    if (chunk % CHUNKS_A_SLAB === 0) this.#slabs.push(new Uint32Array(CHUNKS_A_SLAB * CHUNK_WORDS))
    return chunk
  }
}

export function baseOf(chunk: number): number {
  return (chunk & (CHUNKS_A_SLAB - 1)) * CHUNK_WORDS
}
