import { baseOf, CHUNK_SLOTS, ChunkPool } from './chunk-pool.ts'
import { Rows } from './rows.ts'

/** Chunks a segment: growing by one of 16 keeps the others as full as they may be. */
const MOST_CHUNKS = 16
/** Entries a chunk on average: fuller, and a search runs through too many. */
const MOST_USED = 30
/** Of a segment in its row: depth, entries, chunks, and which ones. */
const ROW_WORDS = 3 + MOST_CHUNKS
const [DEPTH, USED, CHUNKS, FIRST] = [0, 1, 2, 3]
/** The bits of a tag that choose a chunk: no directory is so deep that it uses them too. */
const HOME_BITS = 10
export const MOST_DEPTH = 32 - HOME_BITS

/** Where in a segment an entry is: which of its chunks, and the slot there. */
type Slot = { readonly at: number; readonly slot: number }

/**
 * Small hash tables, each of 1 to 16 chunks of 32 entries; an entry that its own chunk has no room
 * for goes to the next one that has (linear probing, by chunks; Knuth, volume 3, section 6.4). A
 * table that is full gets one chunk more and is laid out anew: 480 entries at most.
 */
export class Segments {
  readonly #pool = new ChunkPool()
  readonly #rows = new Rows(ROW_WORDS)
  /** All entries of one segment, while it is laid out anew: tag, grain, tag, grain, … */
  readonly #held = new Uint32Array(2 * MOST_CHUNKS * CHUNK_SLOTS)
  readonly #usedWhile = new Uint8Array(MOST_CHUNKS)

  /** Bytes of memory, with room for what comes next. */
  get bytes(): number {
    return this.#pool.bytes + this.#rows.bytes
  }

  /** An empty one. */
  make(depth: number): number {
    const segment = this.#rows.make()
    this.#rows.set(segment, DEPTH, depth)
    this.#resize(segment, 1)
    return segment
  }

  /** How many of a tag's first bits all entries of the segment have in common. */
  depth(segment: number): number {
    return this.#rows.get(segment, DEPTH)
  }

  find(segment: number, tag: number): number[] {
    const found: number[] = []
    const chunks = this.#rows.get(segment, CHUNKS)
    for (let step = 0, at = homeOf(tag, chunks); step < chunks; step++, at = (at + 1) % chunks) {
      const chunk = this.#rows.get(segment, FIRST + at)
      const [words, base] = [this.#pool.wordsOf(chunk), baseOf(chunk)]
      for (let word = base; word < base + CHUNK_SLOTS; word++) {
        if (words[word] !== tag) continue
        const grain = words[word + CHUNK_SLOTS] ?? 0
        if (grain !== 0) found.push(grain)
      }
      // Nothing went past a chunk that has room.
      if (words[base + 2 * CHUNK_SLOTS - 1] === 0) break
    }
    return found
  }

  has(segment: number, tag: number, grain: number): boolean {
    return this.#slotOf(segment, tag, grain) !== undefined
  }

  /** False where it is full: then it is to be split. */
  add(segment: number, tag: number, grain: number): boolean {
    const [used, chunks] = [this.#rows.get(segment, USED), this.#rows.get(segment, CHUNKS)]
    if (used >= MOST_USED * chunks) {
      if (chunks === MOST_CHUNKS) return false
      this.#layOut(segment, this.entries(segment), { chunks: chunks + 1 })
    }
    this.#insert(segment, tag, grain)
    this.#rows.set(segment, USED, used + 1)
    return true
  }

  replace(segment: number, tag: number, { from, to }: { from: number; to: number }): boolean {
    const found = this.#slotOf(segment, tag, from)
    if (found === undefined) return false
    const chunk = this.#rows.get(segment, FIRST + found.at)
    this.#pool.wordsOf(chunk)[baseOf(chunk) + CHUNK_SLOTS + found.slot] = to
    return true
  }

  remove(segment: number, tag: number, grain: number): boolean {
    const found = this.#slotOf(segment, tag, grain)
    if (found === undefined) return false
    this.#close(segment, found)
    const [used, chunks] = [this.#rows.get(segment, USED) - 1, this.#rows.get(segment, CHUNKS)]
    this.#rows.set(segment, USED, used)
    // Two chunks too many: adding and removing in turns must not lay it out each time.
    if (chunks === 1 || used > MOST_USED * (chunks - 2)) return true
    this.#layOut(segment, this.entries(segment), { chunks: chunks - 1 })
    return true
  }

  /** All entries: tag, grain, tag, grain, … Valid until the next call. */
  entries(segment: number): Uint32Array {
    const chunks = this.#rows.get(segment, CHUNKS)
    let held = 0
    for (let at = 0; at < chunks; at++) {
      const chunk = this.#rows.get(segment, FIRST + at)
      const [words, base] = [this.#pool.wordsOf(chunk), baseOf(chunk)]
      for (let word = base; word < base + CHUNK_SLOTS; word++) {
        const grain = words[word + CHUNK_SLOTS] ?? 0
        if (grain === 0) break
        this.#held[held++] = words[word] ?? 0
        this.#held[held++] = grain
      }
    }
    return this.#held.subarray(0, held)
  }

  /** Moves what has a 1 in the next bit of its tag to a new segment, which is returned. */
  split(segment: number): number {
    const depth = this.depth(segment) + 1
    const other = this.make(depth)
    this.#rows.set(segment, DEPTH, depth)
    const held = this.entries(segment)
    const isUpper = (tag: number): boolean => ((tag >>> (32 - depth)) & 1) === 1
    let upper = 0
    for (let i = 0; i < held.length; i += 2) if (isUpper(held[i] ?? 0)) upper += 1
    const lower = held.length / 2 - upper
    this.#layOut(segment, held, { chunks: chunksFor(lower), takes: (tag) => !isUpper(tag) })
    this.#layOut(other, held, { chunks: chunksFor(upper), takes: isUpper })
    return other
  }

  /** Makes the segment hold those of the entries that it takes, in so many chunks. */
  #layOut(
    segment: number,
    held: Uint32Array,
    { chunks, takes }: { chunks: number; takes?: (tag: number) => boolean },
  ): void {
    this.#resize(segment, chunks)
    const usedIn = this.#usedWhile.fill(0)
    let used = 0
    for (let i = 0; i < held.length; i += 2) {
      const tag = held[i] ?? 0
      if (takes !== undefined && !takes(tag)) continue
      let at = homeOf(tag, chunks)
      while (usedIn[at] === CHUNK_SLOTS) at = (at + 1) % chunks
      const slot = usedIn[at] ?? 0
      this.#put(segment, { at, slot }, [tag, held[i + 1] ?? 0])
      usedIn[at] = slot + 1
      used += 1
    }
    this.#rows.set(segment, USED, used)
  }

  /** So many chunks, all of them empty. */
  #resize(segment: number, chunks: number): void {
    const now = this.#rows.get(segment, CHUNKS)
    for (let at = 0; at < Math.min(now, chunks); at++) {
      this.#pool.clear(this.#rows.get(segment, FIRST + at))
    }
    for (let at = chunks; at < now; at++) this.#pool.give(this.#rows.get(segment, FIRST + at))
    for (let at = now; at < chunks; at++) this.#rows.set(segment, FIRST + at, this.#pool.take())
    this.#rows.set(segment, CHUNKS, chunks)
  }

  #insert(segment: number, tag: number, grain: number): void {
    const chunks = this.#rows.get(segment, CHUNKS)
    let at = homeOf(tag, chunks)
    // There is room: no segment is filled to its last slot.
    let slot = this.#usedIn(segment, at)
    while (slot === CHUNK_SLOTS) {
      at = (at + 1) % chunks
      slot = this.#usedIn(segment, at)
    }
    this.#put(segment, { at, slot }, [tag, grain])
  }

  #slotOf(segment: number, tag: number, grain: number): Slot | undefined {
    const chunks = this.#rows.get(segment, CHUNKS)
    for (let step = 0, at = homeOf(tag, chunks); step < chunks; step++, at = (at + 1) % chunks) {
      const chunk = this.#rows.get(segment, FIRST + at)
      const [words, base] = [this.#pool.wordsOf(chunk), baseOf(chunk)]
      for (let slot = 0; slot < CHUNK_SLOTS; slot++) {
        const word = base + slot
        if (words[word + CHUNK_SLOTS] === grain && words[word] === tag) return { at, slot }
      }
      if (words[base + 2 * CHUNK_SLOTS - 1] === 0) return undefined
    }
    return undefined
  }

  /**
   * Empties a slot. Where its chunk was full, an entry that went past it for that reason comes back,
   * else a search would end here; then the same for the slot that it leaves.
   */
  #close(segment: number, slot: Slot): void {
    const chunks = this.#rows.get(segment, CHUNKS)
    let hole = slot
    let isFull = this.#usedIn(segment, hole.at) === CHUNK_SLOTS
    for (let away = 1; isFull && away < chunks; away++) {
      const next = (hole.at + away) % chunks
      const passed = this.#passedBy(segment, next, away)
      isFull = this.#usedIn(segment, next) === CHUNK_SLOTS
      if (passed === undefined) continue
      this.#put(segment, hole, this.#entryAt(segment, passed))
      hole = passed
      away = 0
    }
    const last = { at: hole.at, slot: this.#usedIn(segment, hole.at) - 1 }
    this.#put(segment, hole, this.#entryAt(segment, last))
    this.#put(segment, last, [0, 0])
  }

  /** An entry of a chunk whose way here led over the chunk so many places before. */
  #passedBy(segment: number, at: number, away: number): Slot | undefined {
    const chunks = this.#rows.get(segment, CHUNKS)
    const used = this.#usedIn(segment, at)
    for (let slot = 0; slot < used; slot++) {
      const [tag] = this.#entryAt(segment, { at, slot })
      if ((at - homeOf(tag, chunks) + chunks) % chunks >= away) return { at, slot }
    }
    return undefined
  }

  #usedIn(segment: number, at: number): number {
    return this.#pool.usedIn(this.#rows.get(segment, FIRST + at))
  }

  #put(segment: number, { at, slot }: Slot, [tag, grain]: readonly [number, number]): void {
    this.#pool.put(this.#rows.get(segment, FIRST + at), slot, [tag, grain])
  }

  #entryAt(segment: number, { at, slot }: Slot): [tag: number, grain: number] {
    return this.#pool.entryAt(this.#rows.get(segment, FIRST + at), slot)
  }
}

function chunksFor(used: number): number {
  return Math.max(1, Math.ceil(used / MOST_USED))
}

/** The chunk that an entry belongs to, of so many. */
function homeOf(tag: number, chunks: number): number {
  return ((tag & ((1 << HOME_BITS) - 1)) * chunks) >>> HOME_BITS
}
