// What a shared object says that it needs, out of the bytes that a loader looks at first: the ELF header,
// the program headers, the dynamic section and a few of its strings. Only those are asked for, so that
// of an object of a gigabyte no more is read than its loader is about to read anyway.
//
// 64-bit little-endian alone, which every machine is that a cluster is built of today. It must
// believe no number that it finds: each is bounded, and whatever does not fit is "needs nothing".

/** The bytes of a range, or fewer where the file ends. */
export type ReadRange = (from: number, length: number) => Promise<Uint8Array>

export type Needed = {
  /** File names, in the order in which the loader looks for them. */
  readonly names: readonly string[]
  /** Where it looks, with `$ORIGIN` for the object's own directory. */
  readonly directories: readonly string[]
}

const NOTHING: Needed = { names: [], directories: [] }

const HEADER_BYTES = 64
const PROGRAM_HEADER_BYTES = 56
const PROGRAM_HEADERS_MAX = 64
const DYNAMIC_ENTRY_BYTES = 16
const DYNAMIC_BYTES_MAX = 64 * 1024
const NEEDED_MAX = 64
const NAME_BYTES_MAX = 255
const PATH_BYTES_MAX = 4096

const MAGIC = 0x464c457f
const CLASS_64 = 2
const LITTLE_ENDIAN = 1
const PT_LOAD = 1
const PT_DYNAMIC = 2
const DT_NULL = 0n
const DT_NEEDED = 1n
const DT_STRTAB = 5n
const DT_RPATH = 15n
const DT_RUNPATH = 29n

type Segment = {
  readonly type: number
  readonly offset: number
  readonly address: number
  readonly bytes: number
}

/** What the object at hand needs; nothing where it is none. @throws what reading it failed with */
export async function neededBy(read: ReadRange): Promise<Needed> {
  const segments = await segmentsOf(read)
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC)
  if (dynamic === undefined) return NOTHING
  const tags = tagsOf(await read(dynamic.offset, Math.min(dynamic.bytes, DYNAMIC_BYTES_MAX)))
  const table = tags.find(({ tag }) => tag === DT_STRTAB)
  const strings = table && placeOf(table.value, segments)
  if (strings === undefined) return NOTHING
  const textOf = async ({ value }: Tag, most: number) => text(await read(strings + value, most))
  const named = tags.filter(({ tag }) => tag === DT_NEEDED).slice(0, NEEDED_MAX)
  const names = await Promise.all(named.map((tag) => textOf(tag, NAME_BYTES_MAX + 1)))
  // The older of the two counts only where the newer one is not there.
  const paths =
    tags.find(({ tag }) => tag === DT_RUNPATH) ?? tags.find(({ tag }) => tag === DT_RPATH)
  const searched = paths === undefined ? '' : await textOf(paths, PATH_BYTES_MAX)
  return {
    names: names.filter((name) => name !== ''),
    directories: searched.split(':').filter((directory) => directory !== ''),
  }
}

async function segmentsOf(read: ReadRange): Promise<readonly Segment[]> {
  const header = viewOf(await read(0, HEADER_BYTES))
  if (header.byteLength < HEADER_BYTES || header.getUint32(0, true) !== MAGIC) return []
  if (header.getUint8(4) !== CLASS_64 || header.getUint8(5) !== LITTLE_ENDIAN) return []
  const count = Math.min(header.getUint16(56, true), PROGRAM_HEADERS_MAX)
  if (header.getUint16(54, true) !== PROGRAM_HEADER_BYTES) return []
  const at = numberOf(header.getBigUint64(32, true))
  const headers = viewOf(await read(at, count * PROGRAM_HEADER_BYTES))
  const whole = Math.floor(headers.byteLength / PROGRAM_HEADER_BYTES)
  return Array.from({ length: whole }, (_, i) => {
    const from = i * PROGRAM_HEADER_BYTES
    return {
      type: headers.getUint32(from, true),
      offset: numberOf(headers.getBigUint64(from + 8, true)),
      address: numberOf(headers.getBigUint64(from + 16, true)),
      bytes: numberOf(headers.getBigUint64(from + 32, true)),
    }
  })
}

type Tag = { readonly tag: bigint; readonly value: number }

function tagsOf(bytes: Uint8Array): readonly Tag[] {
  const view = viewOf(bytes)
  const tags: Tag[] = []
  for (let at = 0; at + DYNAMIC_ENTRY_BYTES <= view.byteLength; at += DYNAMIC_ENTRY_BYTES) {
    const tag = view.getBigUint64(at, true)
    if (tag === DT_NULL) break
    tags.push({ tag, value: numberOf(view.getBigUint64(at + 8, true)) })
  }
  return tags
}

/** Where an address lies in the file. */
function placeOf(address: number, segments: readonly Segment[]): number | undefined {
  const segment = segments.find(
    (each) =>
      each.type === PT_LOAD && address >= each.address && address < each.address + each.bytes,
  )
  return segment && segment.offset + address - segment.address
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return end < 0 ? '' : Buffer.from(bytes.subarray(0, end)).toString('latin1')
}

/** No file is longer than a double can count; what is lies beyond its end, and reads as nothing. */
function numberOf(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER / 4 : Number(value)
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}
