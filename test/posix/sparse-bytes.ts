// A file's content with holes: chunks by number, a missing one reads as zeros.
import { PotluckError } from '../../src/base/errors.ts'

export const CHUNK_BYTES = 64 * 1024
/** As any file system has a largest file. */
const MAX_BYTES = 2 ** 36
/** What is allocated is really there. */
const MAX_ALLOCATED_BYTES = 2 ** 28
const ZEROS = new Uint8Array(CHUNK_BYTES)

/** Of a chunk, from `start` to `end`; in the file that begins at `at`. */
type Part = {
  readonly index: number
  readonly start: number
  readonly end: number
  readonly at: number
}

export class SparseBytes {
  #size = 0
  readonly #chunks = new Map<number, Uint8Array>()

  get size(): number {
    return this.#size
  }

  get allocatedBytes(): number {
    return this.#chunks.size * CHUNK_BYTES
  }

  /** Slices of what is stored, not copies: they change with the file. */
  read(from: number, length: number): Uint8Array[] {
    const slices: Uint8Array[] = []
    this.#each(from, Math.min(this.#size, from + length), ({ index, start, end }) => {
      slices.push((this.#chunks.get(index) ?? ZEROS).subarray(start, end))
    })
    return slices
  }

  write(from: number, bytes: Uint8Array): void {
    mustFit(from + bytes.length)
    this.#each(from, from + bytes.length, ({ index, start, end, at }) => {
      this.#chunk(index).set(bytes.subarray(at - from, at - from + end - start), start)
    })
    this.#size = Math.max(this.#size, from + bytes.length)
  }

  resize(size: number): void {
    mustFit(size)
    if (size < this.#size) {
      this.zero(size, Math.ceil(this.#size / CHUNK_BYTES) * CHUNK_BYTES)
    }
    this.#size = size
  }

  /** What lies wholly inside becomes a hole. */
  zero(from: number, to: number): void {
    for (const index of this.#chunks.keys()) {
      const start = Math.max(from - index * CHUNK_BYTES, 0)
      const end = Math.min(to - index * CHUNK_BYTES, CHUNK_BYTES)
      if (start >= end) continue
      if (start === 0 && end === CHUNK_BYTES) this.#chunks.delete(index)
      else this.#chunks.get(index)?.fill(0, start, end)
    }
  }

  allocate(from: number, to: number): void {
    if (to - from > MAX_ALLOCATED_BYTES) throw new PotluckError('ENOSPC', 'more than there is')
    mustFit(to)
    this.#each(from, to, ({ index }) => void this.#chunk(index))
  }

  /** The next data or hole at or behind an offset; undefined where there is none. */
  seek(from: number, what: 'data' | 'hole'): number | undefined {
    if (from >= this.#size) return undefined
    for (let at = from; at < this.#size; at = (Math.floor(at / CHUNK_BYTES) + 1) * CHUNK_BYTES) {
      const isThere = this.#chunks.has(Math.floor(at / CHUNK_BYTES))
      if (isThere === (what === 'data')) return at
    }
    return what === 'hole' ? this.#size : undefined
  }

  #chunk(index: number): Uint8Array {
    const found = this.#chunks.get(index)
    if (found !== undefined) return found
    const made = new Uint8Array(CHUNK_BYTES)
    this.#chunks.set(index, made)
    return made
  }

  /** Calls for each chunk that a range touches. */
  #each(from: number, to: number, call: (part: Part) => void): void {
    for (let at = from; at < to;) {
      const index = Math.floor(at / CHUNK_BYTES)
      const next = Math.min(to, (index + 1) * CHUNK_BYTES)
      const start = index * CHUNK_BYTES
      call({ index, start: at - start, end: next - start, at })
      at = next
    }
  }
}

function mustFit(size: number): void {
  if (size > MAX_BYTES) throw new PotluckError('EFBIG', 'larger than any file here')
}
