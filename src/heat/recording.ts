// One start, as it is seen: the first use of each path, and what is read of it. Everything that is seen
// again costs one look into a map, so that recording can be left on.
import type { Inode, Name, Path } from '../ports/messages.ts'
import {
  type ByteRange,
  MAX_ENTRIES,
  MAX_RANGES,
  type Trace,
  type TraceEntry,
  UNIT_BYTES,
} from './trace.ts'

/** Paths of a recording take at most this, so that its trace can be encoded. */
const PATH_BYTES_MAX = 1024 * 1024

/** Something of the tree that can say where it is. */
export type Place = { readonly inode: Inode; path(): Path }

type Draft = { readonly path: Path; readonly afterMs: number; isListed: boolean; pages: number[] }

export class Recording {
  readonly #startedMs: number
  /** In order of first use. */
  readonly #drafts = new Map<Path, Draft>()
  readonly #files = new Map<Inode, Draft>()
  readonly #listed = new Set<Inode>()
  readonly #looked = new Map<Inode, Set<Name>>()
  #pathBytes = 0

  constructor(startedMs: number) {
    this.#startedMs = startedMs
  }

  get size(): number {
    return this.#drafts.size
  }

  get isFull(): boolean {
    return this.#drafts.size >= MAX_ENTRIES || this.#pathBytes >= PATH_BYTES_MAX
  }

  /** A name was found. @returns its path where this is the first time */
  looked(directory: Place, name: Name, nowMs: number): Path | undefined {
    const inside = this.#looked.get(directory.inode)
    if (inside?.has(name) === true || this.isFull) return undefined
    if (inside === undefined) this.#looked.set(directory.inode, new Set([name]))
    else inside.add(name)
    const above = directory.path()
    const path = above === '' ? name : `${above}/${name}`
    return this.#draft(path, nowMs) === undefined ? undefined : path
  }

  /** A directory's names were wanted. */
  listed(directory: Place, nowMs: number): void {
    if (this.#listed.has(directory.inode) || this.isFull) return
    this.#listed.add(directory.inode)
    const draft = this.#draft(directory.path(), nowMs)
    if (draft !== undefined) draft.isListed = true
  }

  /** Bytes of a file were read. @returns its path where these are its first */
  read(file: Place, range: ByteRange, nowMs: number): Path | undefined {
    const known = this.#files.get(file.inode)
    const draft = known ?? this.#draft(file.path(), nowMs)
    if (draft === undefined) return undefined
    addPages(draft.pages, range)
    if (known !== undefined) return undefined
    this.#files.set(file.inode, draft)
    return draft.path
  }

  trace(name: string, command: string, nowMs: number): Trace {
    const entries = [...this.#drafts.values()].map(entryOf)
    return { name, command, recordedMs: nowMs, entries }
  }

  #draft(path: Path, nowMs: number): Draft | undefined {
    const known = this.#drafts.get(path)
    if (known !== undefined) return known
    if (this.isFull) return undefined
    const afterMs = Math.max(0, nowMs - this.#startedMs)
    const draft: Draft = { path, afterMs, isListed: false, pages: [] }
    this.#pathBytes += path.length
    this.#drafts.set(path, draft)
    return draft
  }
}

function entryOf({ path, afterMs, isListed, pages }: Draft): TraceEntry {
  const ranges: ByteRange[] = []
  for (let i = 0; i < pages.length; i += 2) {
    const [from, to] = [pages[i] as number, pages[i + 1] as number]
    ranges.push({ from: from * UNIT_BYTES, to: to * UNIT_BYTES })
  }
  return { path, afterMs, isListed, ranges, missed: 0 }
}

/** Adds a range to sorted, separate ones (from, to, from, to, …); most reads go on where one ended. */
function addPages(pages: number[], range: ByteRange): void {
  let from = Math.floor(range.from / UNIT_BYTES)
  let to = Math.ceil(range.to / UNIT_BYTES)
  if (from >= to) return
  let first = pages.length
  while (first > 0 && (pages[first - 1] as number) >= from) first -= 2
  let last = first
  while (last < pages.length && (pages[last] as number) <= to) last += 2
  if (last > first) {
    from = Math.min(from, pages[first] as number)
    to = Math.max(to, pages[last - 1] as number)
  }
  pages.splice(first, last - first, from, to)
  if (pages.length > MAX_RANGES * 2) closeSmallestGap(pages)
}

function closeSmallestGap(pages: number[]): void {
  let smallest = 1
  for (let i = 3; i + 1 < pages.length; i += 2) {
    if (gapAt(pages, i) < gapAt(pages, smallest)) smallest = i
  }
  pages.splice(smallest, 2)
}

function gapAt(pages: readonly number[], end: number): number {
  return (pages[end + 1] as number) - (pages[end] as number)
}
