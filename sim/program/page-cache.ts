// Which pages of which files one kernel holds. Most files are read from their start, so one number a
// file says it all; what is read elsewhere is a list of intervals. With `keepsBytes` the bytes stay
// as well, so that a checker sees what a reader of cached pages sees.
import type { PathId } from './path-table.ts'

export type ByteRange = { readonly from: number; readonly to: number }
type Extent = ByteRange & { readonly slices: readonly Uint8Array[] }

export class PageCache {
  readonly #extents: Map<PathId, Extent[]> | undefined
  /** Sorted, apart from each other: from, to, from, to. Only of files not held from their start. */
  readonly #islands = new Map<PathId, number[]>()
  /** How far each file is held from its start, by id. */
  #heads = new Float64Array(0)

  constructor(options: { readonly keepsBytes: boolean }) {
    this.#extents = options.keepsBytes ? new Map() : undefined
  }

  /** The first part of the range that is not held; undefined where all of it is. */
  missing(id: PathId, { from, to }: ByteRange): ByteRange | undefined {
    const head = this.#heads[id] ?? 0
    let start = Math.max(from, Math.min(head, to))
    let end = to
    const islands = this.#islands.get(id) ?? []
    for (let i = 0; i < islands.length && start < end; i += 2) {
      const [low, high] = [islands[i] as number, islands[i + 1] as number]
      if (low <= start) start = Math.max(start, high)
      else end = Math.min(end, low)
    }
    return start < end ? { from: start, to: end } : undefined
  }

  add(id: PathId, { from, to }: ByteRange, slices: readonly Uint8Array[]): void {
    if (from >= to) return
    this.#keep(id, { from, to, slices })
    this.#grow(id)
    const islands = this.#islands.get(id)
    if (islands === undefined && from <= (this.#heads[id] as number)) {
      this.#heads[id] = Math.max(this.#heads[id] as number, to)
    } else this.#islands.set(id, merged(islands ?? [], { from, to }))
  }

  /** What is held of the range, where bytes are kept at all. */
  bytes(id: PathId, { from, to }: ByteRange): Uint8Array[] {
    const extents = this.#extents?.get(id)?.toSorted((a, b) => a.from - b.from) ?? []
    const found: Uint8Array[] = []
    let at = from
    for (const extent of extents) {
      if (extent.from > at || extent.to <= at) continue
      found.push(...cut(extent.slices, at - extent.from, Math.min(to, extent.to) - at))
      at = Math.min(to, extent.to)
    }
    return found
  }

  drop(id: PathId): void {
    if (id < this.#heads.length) this.#heads[id] = 0
    this.#islands.delete(id)
    this.#extents?.delete(id)
  }

  dropAll(): void {
    this.#heads.fill(0)
    this.#islands.clear()
    this.#extents?.clear()
  }

  #keep(id: PathId, extent: Extent): void {
    if (this.#extents === undefined) return
    const extents = this.#extents.get(id) ?? []
    this.#extents.set(id, extents)
    extents.push(extent)
  }

  #grow(id: PathId): void {
    if (id < this.#heads.length) return
    const grown = new Float64Array(Math.max(64, Math.ceil((id + 1) * 1.25)))
    grown.set(this.#heads)
    this.#heads = grown
  }
}

function merged(islands: readonly number[], { from, to }: ByteRange): number[] {
  const result: number[] = []
  let [low, high] = [from, to]
  for (let i = 0; i < islands.length; i += 2) {
    const [start, end] = [islands[i] as number, islands[i + 1] as number]
    if (end < low || start > high) result.push(start, end)
    else [low, high] = [Math.min(low, start), Math.max(high, end)]
  }
  const at = result.findIndex((start, i) => i % 2 === 0 && start > high)
  result.splice(at < 0 ? result.length : at, 0, low, high)
  return result
}

/** The bytes from `from` on, at most `length` of them, without copying. */
export function cut(slices: readonly Uint8Array[], from: number, length: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  let at = 0
  for (const slice of slices) {
    const part = slice.subarray(Math.max(0, from - at), Math.max(0, from + length - at))
    if (part.length > 0) parts.push(part)
    at += slice.length
  }
  return parts
}
