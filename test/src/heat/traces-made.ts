// Traces for tests, made of as little as each of them is about.
import { checksumOf } from '../../../src/block/checksum.ts'
import type { Trace, TraceEntry } from '../../../src/heat/trace.ts'

export function entry(path: string, given: Partial<TraceEntry> = {}): TraceEntry {
  return { path, afterMs: 0, isListed: false, ranges: [{ from: 0, to: 4096 }], missed: 0, ...given }
}

/** A trace of files read whole, one after another. */
export function traceOf(name: string, paths: readonly string[], given: Partial<Trace> = {}): Trace {
  const entries = paths.map((path, i) => entry(path, { afterMs: i }))
  return { name, command: 'python3', recordedMs: 1_000, entries, ...given }
}

export const files = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}/file${i}`)

/** With a checksum that fits, as somebody would who wants to do harm. */
export function resealed(bytes: Uint8Array): Uint8Array {
  const to = Buffer.from(bytes)
  to.writeUInt32LE(checksumOf(to.subarray(0, -4)), to.length - 4)
  return to
}
