// Bytes of one inode that were written and are not on the source yet, as they were written: byte
// ranges, not blocks, so that whoever writes beside them in the same block loses nothing. The later
// write wins, and only where it was written.
//
// An extent never changes once it is in here: whoever flushes a list of them may take its time.
import assert from 'node:assert/strict'

/** What an extent costs besides its bytes, near enough: a bound on memory must count it. */
export const EXTENT_OVERHEAD = 256
/** Small writes one after another are put together in buffers of up to so many bytes. */
const JOINED_MAX = 64 * 1024

/** On whose behalf bytes were written: where that differs, they are not one write. */
export type Writer = { readonly uid: number; readonly gid: number }

export type Extent = {
  readonly from: number
  readonly bytes: Uint8Array
  /** Of the newest write in it. */
  readonly sequence: number
  readonly writer: Writer
}

export class DirtyRanges {
  /** By offset; none overlaps another. */
  #extents: Extent[] = []
  #bytes = 0
  /** The extent to whose end the next write may be joined, and the buffer that it lies in. */
  #tail: { readonly extent: Extent; readonly buffer: Uint8Array } | undefined

  get isEmpty(): boolean {
    return this.#extents.length === 0
  }

  /** Of memory, in bytes. */
  get cost(): number {
    return this.#bytes + this.#extents.length * EXTENT_OVERHEAD
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Where the last of them ends; 0 where there are none. */
  get end(): number {
    const last = this.#extents.at(-1)
    return last === undefined ? 0 : last.from + last.bytes.length
  }

  /** Takes the bytes as its own. */
  put(extent: Extent): void {
    const { from, bytes } = extent
    if (bytes.length === 0 || this.#join(extent)) return
    const to = from + bytes.length
    const first = this.#firstEndingAfter(from)
    const before: Extent[] = []
    const after: Extent[] = []
    let last = first
    for (; last < this.#extents.length; last++) {
      const old = this.#extents[last]
      if (old === undefined || old.from >= to) break
      this.#bytes -= old.bytes.length
      const oldTo = old.from + old.bytes.length
      if (old.from < from) before.push(cut(old, old.from, from))
      if (oldTo > to) after.push(cut(old, to, oldTo))
    }
    const now = [...before, extent, ...after]
    this.#extents.splice(first, last - first, ...now)
    this.#bytes += now.reduce((sum, one) => sum + one.bytes.length, 0)
    this.#tail = bytes.length < JOINED_MAX ? { extent, buffer: bytes } : undefined
  }

  /** What is written from now on is in extents of its own. */
  close(): void {
    this.#tail = undefined
  }

  /** All that is in here now, by offset. What is written from now on is in extents of its own. */
  seal(): readonly Extent[] {
    this.close()
    return [...this.#extents]
  }

  /** Those that have something in this range, as they are now. */
  within(from: number, to: number): readonly Extent[] {
    const found: Extent[] = []
    for (let at = this.#firstEndingAfter(from); at < this.#extents.length; at++) {
      const extent = this.#extents[at]
      if (extent === undefined || extent.from >= to) break
      found.push(extent)
    }
    return found
  }

  /** What was written up to this sequence number is on the source. */
  clean(through: number): void {
    this.#tail = undefined
    this.#extents = this.#extents.filter(({ sequence }) => sequence > through)
    this.#bytes = this.#extents.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  /** Appends to the newest extent: programs write logs by the line. */
  #join({ from, bytes, sequence, writer }: Extent): boolean {
    const tail = this.#tail
    if (tail === undefined) return false
    const { extent } = tail
    const used = extent.bytes.length
    const length = used + bytes.length
    const at = this.#firstEndingAfter(from - 1)
    const isNext = from === extent.from + used && this.#extents[at] === extent
    const next = this.#extents[at + 1]
    const isFree = next === undefined || next.from >= from + bytes.length
    if (!isNext || !isFree || !isSame(writer, extent.writer) || length > JOINED_MAX) return false
    const buffer = withRoom(tail.buffer, used, length)
    buffer.set(bytes, used)
    const joined = { ...extent, sequence, bytes: buffer.subarray(0, length) }
    this.#extents[at] = joined
    this.#bytes += bytes.length
    this.#tail = { extent: joined, buffer }
    return true
  }

  /** The place of the first extent that ends behind an offset. */
  #firstEndingAfter(offset: number): number {
    let [low, high] = [0, this.#extents.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const extent = this.#extents[middle]
      assert(extent !== undefined)
      if (extent.from + extent.bytes.length > offset) high = middle
      else low = middle + 1
    }
    return low
  }
}

function isSame(a: Writer, b: Writer): boolean {
  return a.uid === b.uid && a.gid === b.gid
}

/** What is left of an extent; in a buffer of its own where it would keep a much larger one. */
function cut(extent: Extent, from: number, to: number): Extent {
  const view = extent.bytes.subarray(from - extent.from, to - extent.from)
  const isSmall = view.length * 2 < view.buffer.byteLength
  return { ...extent, from, bytes: isSmall ? view.slice() : view }
}

/** The same buffer, or one of twice the length where it is full. */
function withRoom(buffer: Uint8Array, used: number, length: number): Uint8Array {
  if (length <= buffer.length) return buffer
  const larger = new Uint8Array(Math.min(JOINED_MAX, 2 * length))
  larger.set(buffer.subarray(0, used))
  return larger
}

export type Piece = {
  readonly from: number
  readonly bytes: Uint8Array
  readonly writer: Writer
}

/** Pieces as large as they may be, of extents that touch, each on behalf of one writer. */
export function* piecesOf(extents: readonly Extent[], most: number): Generator<Piece> {
  let run: Extent[] = []
  let length = 0
  for (const extent of extents) {
    const last = run.at(-1)
    const isNext =
      last !== undefined &&
      last.from + last.bytes.length === extent.from &&
      isSame(last.writer, extent.writer) &&
      length + extent.bytes.length <= most
    if (!isNext) {
      if (run.length > 0) yield joined(run, length)
      run = []
      length = 0
    }
    run.push(extent)
    length += extent.bytes.length
  }
  if (run.length > 0) yield joined(run, length)
}

function joined(run: readonly Extent[], length: number): Piece {
  const [first] = run
  assert(first !== undefined)
  const { from, writer } = first
  if (run.length === 1) return { from, writer, bytes: first.bytes }
  const bytes = new Uint8Array(length)
  for (const extent of run) bytes.set(extent.bytes, extent.from - from)
  return { from, writer, bytes }
}
