// Shared objects as a linker writes them, as far as a loader looks at them before it loads: a header, two
// segments, a dynamic section and its strings.

const HEADER_BYTES = 64
const PROGRAM_HEADER_BYTES = 56
const PAGE_BYTES = 4096
/** The second segment lies elsewhere in memory than in the file. */
const SHIFT = 0x10_0000

const PT_LOAD = 1
const PT_DYNAMIC = 2
const DT_NEEDED = 1
const DT_STRTAB = 5
const DT_RPATH = 15
const DT_RUNPATH = 29

export type ObjectInit = {
  readonly needed: readonly string[]
  readonly runPath?: string
  readonly rPath?: string
  /** The dynamic section and its strings lie at the end. @default 16 KiB */
  readonly size?: number
}

export function objectOf({ needed, runPath, rPath, size = 4 * PAGE_BYTES }: ObjectInit): Buffer {
  const bytes = Buffer.alloc(size)
  const at = size - PAGE_BYTES
  const texts = ['', ...needed, runPath ?? '', rPath ?? '']
  const offsets = texts.map((_, i) =>
    texts.slice(0, i).reduce((sum, each) => sum + each.length + 1, 0),
  )
  const strings = at + PAGE_BYTES / 2
  texts.forEach((each, i) => bytes.write(`${each}\0`, strings + (offsets[i] as number), 'latin1'))
  const tags = needed.map((_, i) => [DT_NEEDED, offsets[i + 1] as number])
  if (runPath !== undefined) tags.push([DT_RUNPATH, offsets[needed.length + 1] as number])
  if (rPath !== undefined) tags.push([DT_RPATH, offsets[needed.length + 2] as number])
  tags.push([DT_STRTAB, strings + SHIFT], [0, 0])
  tags.flat().forEach((each, i) => bytes.writeBigUInt64LE(BigInt(each), at + 8 * i))
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(bytes)
  bytes.writeBigUInt64LE(BigInt(HEADER_BYTES), 32)
  bytes.writeUInt16LE(PROGRAM_HEADER_BYTES, 54)
  bytes.writeUInt16LE(3, 56)
  segment(bytes, 0, { type: PT_LOAD, offset: 0, address: 0, length: at })
  segment(bytes, 1, { type: PT_LOAD, offset: at, address: at + SHIFT, length: PAGE_BYTES })
  segment(bytes, 2, { type: PT_DYNAMIC, offset: at, address: at + SHIFT, length: 16 * tags.length })
  return bytes
}

type Segment = {
  readonly type: number
  readonly offset: number
  readonly address: number
  readonly length: number
}

function segment(bytes: Buffer, index: number, { type, offset, address, length }: Segment): void {
  const at = HEADER_BYTES + index * PROGRAM_HEADER_BYTES
  bytes.writeUInt32LE(type, at)
  bytes.writeBigUInt64LE(BigInt(offset), at + 8)
  bytes.writeBigUInt64LE(BigInt(address), at + 16)
  bytes.writeBigUInt64LE(BigInt(length), at + 32)
}
