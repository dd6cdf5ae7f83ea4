// A trace as bytes, on disk and between peers: names front-coded, numbers as varints, a CRC at the end.
//
//   "PLTR" · u8 version · text name · text command · f64 recorded · varint entries
//   · entries: varint bytes shared with the path before, rest of the path, varint ms since the entry
//   before, u8 flags (1 listed, then missed << 1), varint ranges, each: varint pages since the end of the
//   one before, varint pages · u32 CRC-32 of all before
//
// It may come from anybody's disk: everything is checked before anything is believed.
import { checksumOf } from '../block/checksum.ts'
import { PotluckError } from '../base/errors.ts'
import type { Path } from '../ports/messages.ts'
import { checkPath } from '../wire/fields.ts'
import { MAX_PATH_BYTES, MAX_TRACE_NAME_BYTES } from '../wire/limits.ts'
import { ByteReader } from '../wire/reader.ts'
import { ByteWriter } from '../wire/writer.ts'
import {
  type ByteRange,
  isTraceName,
  MAX_ENTRIES,
  MAX_RANGES,
  MAX_TRACE_BYTES,
  type Trace,
  type TraceEntry,
  UNIT_BYTES,
} from './trace.ts'

const MAGIC = 0x52544c50
const VERSION = 1
const MISSED_MAX = 127
/** No file is larger: what lies beyond is not believed. */
const PAGES_MAX = 2 ** 40
const MS_MAX = 2 ** 40
const COMMAND_BYTES_MAX = 255

/** @throws PotluckError TOO_LARGE where it has more than a trace may have */
export function encodeTrace(trace: Trace): Uint8Array {
  const to = new ByteWriter(trace.entries.length * 32 + 256)
  to.u32(MAGIC)
  to.u8(VERSION)
  to.text(trace.name, MAX_TRACE_NAME_BYTES)
  to.text(trace.command, COMMAND_BYTES_MAX)
  to.f64(trace.recordedMs)
  to.varint(trace.entries.length)
  let before: Path = ''
  let beforeMs = 0
  for (const entry of trace.entries) {
    writeEntry(to, entry, { before, beforeMs })
    before = entry.path
    beforeMs = Math.max(beforeMs, Math.round(entry.afterMs))
  }
  to.u32(checksumOf(to.copy()))
  if (to.at > MAX_TRACE_BYTES || trace.entries.length > MAX_ENTRIES) {
    throw new PotluckError('TOO_LARGE', `the trace '${trace.name}' is larger than a trace may be`)
  }
  return to.copy()
}

type Before = { readonly before: Path; readonly beforeMs: number }

function writeEntry(to: ByteWriter, entry: TraceEntry, { before, beforeMs }: Before): void {
  const { path, afterMs, isListed, ranges, missed } = entry
  const shared = sharedLength(before, path)
  to.varint(shared)
  to.byteString(path.slice(shared), MAX_PATH_BYTES)
  to.varint(Math.max(0, Math.round(afterMs) - beforeMs))
  to.u8((isListed ? 1 : 0) | (Math.min(MISSED_MAX, missed) << 1))
  to.varint(ranges.length)
  let end = 0
  for (const range of ranges) {
    const from = Math.floor(range.from / UNIT_BYTES)
    const until = Math.ceil(range.to / UNIT_BYTES)
    to.varint(from - end)
    to.varint(until - from)
    end = until
  }
}

function sharedLength(a: Path, b: Path): number {
  const most = Math.min(a.length, b.length)
  let length = 0
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length += 1
  return length
}

/** @throws PotluckError MALFORMED or TOO_LARGE, with what is wrong */
export function decodeTrace(bytes: Uint8Array): Trace {
  if (bytes.length > MAX_TRACE_BYTES) {
    throw new PotluckError('TOO_LARGE', `a trace has at most ${MAX_TRACE_BYTES} bytes`)
  }
  try {
    return readTrace(bytes)
  } catch (cause) {
    if (cause instanceof PotluckError && cause.code === 'TOO_LARGE') throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new PotluckError('MALFORMED', `this is no trace: ${why}`, { cause })
  }
}

function readTrace(bytes: Uint8Array): Trace {
  if (bytes.length < 4) throw new RangeError('it ends too early')
  const body = bytes.subarray(0, bytes.length - 4)
  const reader = new ByteReader(body)
  if (reader.u32() !== MAGIC) throw new RangeError('it does not begin as one')
  const version = reader.u8()
  if (version !== VERSION) throw new RangeError(`its version is ${version}, not ${VERSION}`)
  if (new ByteReader(bytes.subarray(body.length)).u32() !== checksumOf(body)) {
    throw new RangeError('its bytes are damaged')
  }
  const name = reader.text(MAX_TRACE_NAME_BYTES)
  if (!isTraceName(name)) throw new RangeError('its name can not be one')
  const command = reader.text(COMMAND_BYTES_MAX)
  const recordedMs = reader.f64()
  if (recordedMs < 0) throw new RangeError('it was recorded before 1970')
  const entries = readEntries(reader)
  reader.end()
  return { name, command, recordedMs, entries }
}

function readEntries(reader: ByteReader): TraceEntry[] {
  const count = reader.count(MAX_ENTRIES, 'entries')
  const entries: TraceEntry[] = []
  const seen = new Set<Path>()
  let before: Path = ''
  let afterMs = 0
  for (let i = 0; i < count; i++) {
    before = readPath(reader, before)
    if (seen.has(before)) throw new RangeError('a path is in it twice')
    seen.add(before)
    afterMs = atMost(afterMs + reader.varint(), MS_MAX, 'a time')
    const flags = reader.u8()
    const ranges = readRanges(reader)
    entries.push({
      path: before,
      afterMs,
      isListed: (flags & 1) === 1,
      missed: flags >> 1,
      ranges,
    })
  }
  return entries
}

/** Never '..', never absolute: it is joined with the path before it, so it is checked as a whole. */
function readPath(reader: ByteReader, before: Path): Path {
  const shared = atMost(reader.varint(), before.length, 'a shared beginning')
  const path = before.slice(0, shared) + reader.byteString(MAX_PATH_BYTES)
  if (path.length > MAX_PATH_BYTES) throw new RangeError('a path is too long')
  const bytes = Buffer.from(path, 'latin1')
  checkPath(bytes, 0, bytes.length)
  return path
}

function readRanges(reader: ByteReader): ByteRange[] {
  const count = reader.count(MAX_RANGES, 'ranges')
  const ranges: ByteRange[] = []
  let end = 0
  for (let i = 0; i < count; i++) {
    const from = end + reader.varint()
    const length = reader.varint()
    if (length === 0) throw new RangeError('an empty range')
    end = atMost(from + length, PAGES_MAX, 'a range')
    ranges.push({ from: from * UNIT_BYTES, to: end * UNIT_BYTES })
  }
  return ranges
}

function atMost(value: number, most: number, what: string): number {
  if (value > most) throw new RangeError(`${what} is out of bounds`)
  return value
}
