// What programs will read next, known from an earlier start of theirs. A start-up is a chain of
// latencies, not a lack of bandwidth: who knows the next thousand files asks for them all at once.
//
// A *trace* is the first use of each name and file of one start, in order, by path: paths outlive the
// copies, inodes and versions of a tree. It is a hint and nothing more: whatever it says is looked up
// in the tree as anybody would, so one that is old, wrong or forged costs fetches, never a wrong answer.
// This room must never touch anything outside a volume, nor hold up a program for what it might need.
import type { Name, Path } from '../ports/messages.ts'
import { MAX_TRACE_NAME_BYTES } from '../wire/limits.ts'

export type ByteRange = { readonly from: number; readonly to: number }

export type TraceEntry = {
  readonly path: Path
  /** Milliseconds from the start to its first use. */
  readonly afterMs: number
  /** A directory whose names were wanted: it was listed, or asked for a name that it has not. */
  readonly isListed: boolean
  /** What was read of a file, in order, apart from each other; none where it was only looked at. */
  readonly ranges: readonly ByteRange[]
  /** In how many starts since it was last seen it was not used. */
  readonly missed: number
}

export type Trace = {
  readonly name: string
  /** The command that was started, where it is known. */
  readonly command: string
  /** When it was recorded, or last changed, in milliseconds since 1970. */
  readonly recordedMs: number
  /** In the order of first use. */
  readonly entries: readonly TraceEntry[]
}

/** Ranges are rounded to this, the kernel's page. */
export const UNIT_BYTES = 4096
export const MAX_ENTRIES = 65_536
export const MAX_RANGES = 256
export const MAX_TRACE_BYTES = 2 * 1024 * 1024

/** A letter or digit, then letters, digits, and `.`, `_`, `+`, `-`: safe as a file's name, too. */
export function isTraceName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(name) && name.length <= MAX_TRACE_NAME_BYTES
}

/** A trace as it is searched; one for all who hold the same trace. */
export type TraceIndex = {
  /** Each path's place in the order. */
  readonly places: ReadonlyMap<Path, number>
  /** Names with attributes that the trace needs, by directory. */
  readonly names: ReadonlyMap<Path, ReadonlySet<Name>>
  /** Paths of files that were read, in order. */
  readonly filesRead: readonly Path[]
}

const indexes = new WeakMap<Trace, TraceIndex>()

export function indexOf(trace: Trace): TraceIndex {
  const known = indexes.get(trace)
  if (known !== undefined) return known
  const places = new Map<Path, number>()
  const names = new Map<Path, Set<Name>>()
  for (const [place, { path }] of trace.entries.entries()) {
    places.set(path, place)
    if (path === '') continue
    const { directory, name } = splitPath(path)
    const inside = names.get(directory)
    if (inside === undefined) names.set(directory, new Set([name]))
    else inside.add(name)
  }
  const read = trace.entries.filter(({ ranges }) => ranges.length > 0)
  const index = { places, names, filesRead: read.map(({ path }) => path) }
  indexes.set(trace, index)
  return index
}

export function splitPath(path: Path): { readonly directory: Path; readonly name: Name } {
  const slash = path.lastIndexOf('/')
  return { directory: path.slice(0, Math.max(0, slash)), name: path.slice(slash + 1) }
}
