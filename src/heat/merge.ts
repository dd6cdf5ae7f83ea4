// Two starts of the same kind as one trace. A start that the kernel's caches hid half of says nothing of
// what it did not ask for; one that covers most of what is known says that the rest has grown old.
import {
  type ByteRange,
  indexOf,
  MAX_ENTRIES,
  MAX_RANGES,
  type Trace,
  type TraceEntry,
} from './trace.ts'

/** A start that has this share of a trace has seen it all. */
const COVERS = 0.8
/** Not used in so many starts that saw it all: dropped. */
const MISSED_MAX = 3

/** How much of a trace's paths another has. */
export function shareOf(trace: Trace, other: Trace): number {
  const { places } = indexOf(other)
  let count = 0
  for (const { path } of trace.entries) if (places.has(path)) count += 1
  return count / Math.max(1, trace.entries.length)
}

/** @returns `change`: which share of the entries is new or gone */
export function mergeTraces(known: Trace, recorded: Trace): { trace: Trace; change: number } {
  const isWhole = shareOf(known, recorded) >= COVERS
  const before = new Map(known.entries.map((entry) => [entry.path, entry]))
  const after = new Map(recorded.entries.map((entry) => [entry.path, entry]))
  const entries: TraceEntry[] = []
  let changes = 0
  for (const entry of recorded.entries) {
    const old = before.get(entry.path)
    if (old === undefined) changes += 1
    entries.push(old === undefined ? entry : both(old, entry, isWhole))
  }
  for (const entry of known.entries) {
    if (after.has(entry.path)) continue
    const missed = entry.missed + (isWhole ? 1 : 0)
    if (missed < MISSED_MAX) entries.push({ ...entry, missed })
    else changes += 1
  }
  const sorted = entries.toSorted((a, b) => a.afterMs - b.afterMs).slice(0, MAX_ENTRIES)
  const { name, command } = known
  const trace = { name, command, recordedMs: recorded.recordedMs, entries: sorted }
  return { trace, change: changes / Math.max(1, known.entries.length) }
}

function both(old: TraceEntry, now: TraceEntry, isWhole: boolean): TraceEntry {
  return {
    path: now.path,
    afterMs: isWhole ? now.afterMs : old.afterMs,
    isListed: old.isListed || now.isListed,
    ranges: union(old.ranges, now.ranges),
    missed: 0,
  }
}

function union(a: readonly ByteRange[], b: readonly ByteRange[]): readonly ByteRange[] {
  const merged: { from: number; to: number }[] = []
  for (const { from, to } of [...a, ...b].toSorted((x, y) => x.from - y.from)) {
    const last = merged.at(-1)
    if (last !== undefined && (from <= last.to || merged.length === MAX_RANGES)) {
      last.to = Math.max(last.to, to)
    } else merged.push({ from, to })
  }
  return merged
}
