import type { Attributes, Inode, Path } from '../../ports/messages.ts'
import { DirtyRanges, type Extent } from './ranges.ts'
import { timeOf } from './write-out.ts'

/** One inode that was written to here and is not on the source yet. */
export class DirtyFile {
  readonly inode: Inode
  readonly ranges = new DirtyRanges()
  /** When the first of what is dirty was written; milliseconds of the node's clock. */
  readonly sinceMs: number
  /** Where it was when it was opened: a hint. */
  path: Path = ''
  /** The source's, open for writing. */
  handle = 0
  /** The handle was closed by its program, and is kept for flushing alone. */
  isDetached = false
  /** When the last of it was written; milliseconds since 1970. */
  writtenMs = 0
  /** Of its newest write. */
  sequence = 0
  /** Others know that it is dirty, and nobody has read or flushed it since they were told. */
  isAnnounced = false
  /** Whose kernel wrote last: it alone has not been told. */
  writtenBy: unknown
  /** Its last name is gone: since when. */
  removedMs: number | undefined
  /** What the source failed with the last time: nothing more is taken before it has worked. */
  failure: unknown
  /** The size and time of modification that the source had when it was last looked at. */
  left: string | undefined
  flushing: Promise<void> | undefined
  /** Writes that are about to be taken: as long as there are any it stays. */
  writers = 0
  /** Of its memory, as it was last counted. */
  counted = 0

  constructor(inode: Inode, sinceMs: number) {
    this.inode = inode
    this.sinceMs = sinceMs
  }

  /** The attributes as they will be. */
  shown(attributes: Attributes): Attributes {
    if (this.ranges.isEmpty) return attributes
    const { seconds, nanos } = timeOf(this.writtenMs)
    const { ctimeSeconds, ctimeNanos } = attributes
    const isLater = ctimeSeconds - seconds || ctimeNanos - nanos
    return {
      ...attributes,
      size: Math.max(attributes.size, this.ranges.end),
      blocks: attributes.blocks + Math.ceil(this.ranges.bytes / 512),
      mtimeSeconds: seconds,
      mtimeNanos: nanos,
      ...(isLater < 0 && { ctimeSeconds: seconds, ctimeNanos: nanos }),
    }
  }
}

/** What nobody else may have changed where it is the same as before. */
export function stateOf(attributes: Attributes): string {
  const { size, mtimeSeconds, mtimeNanos } = attributes
  return `${size} ${mtimeSeconds} ${mtimeNanos}`
}

export type Asked = {
  readonly from: number
  readonly length: number
  /** Where the dirty bytes end: what lies before is there, with zeros where nobody wrote. */
  readonly end: number
}

/** Bytes read from the source with what was written since: `extents` as they were before it was read. */
export function overlay(
  read: Uint8Array,
  extents: readonly Extent[],
  { from, length, end }: Asked,
): Uint8Array {
  const size = Math.min(length, Math.max(read.length, end - from))
  if (extents.length === 0 && size <= read.length) return read
  const bytes = new Uint8Array(size)
  bytes.set(read)
  for (const extent of extents) {
    const start = Math.max(0, from - extent.from)
    const part = extent.bytes.subarray(start, from + length - extent.from)
    bytes.set(part, extent.from + start - from)
  }
  return bytes
}
