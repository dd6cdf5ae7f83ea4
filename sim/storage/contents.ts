// The bytes of simulated files. `zero`: accounted, not allocated; every read is an object of its own
// over one of a few shared buffers of zeroes, and remembers whose bytes it stands for. `real`: bytes
// drawn from (inode, generation, offset), so that small tests can compare them.
import { crc32 } from 'node:zlib'

export type ContentsKind = 'zero' | 'real'

/** Which bytes an array stands for. */
export type Extent = {
  readonly inode: number
  readonly generation: number
  readonly from: number
  readonly length: number
}

/** Up to this size the checksum of accounted bytes looks at all of them. */
const CHECKED_WHOLE = 4096

export class Contents {
  readonly kind: ContentsKind
  readonly #extents = new WeakMap<Uint8Array, Extent>()
  readonly #zeroes = new Map<number, ArrayBuffer>()

  constructor(kind: ContentsKind) {
    this.kind = kind
  }

  bytes(extent: Extent): Uint8Array {
    const bytes = this.kind === 'real' ? draw(extent) : this.#view(extent.length)
    this.#extents.set(bytes, extent)
    return bytes
  }

  /** What was read to get exactly this object; undefined for slices and copies. */
  extentOf(bytes: Uint8Array): Extent | undefined {
    return this.#extents.get(bytes)
  }

  /** The checksum to give to nodes: honest on real bytes, cheap on large accounted ones. */
  readonly checksum = (bytes: Uint8Array): number => {
    if (this.kind === 'real' || bytes.length <= CHECKED_WHOLE) return crc32(bytes)
    return crc32(bytes.subarray(0, CHECKED_WHOLE), bytes.length)
  }

  /** A view that fills its buffer to 15 of 16 parts: a shard copies slices that keep more alive. */
  #view(length: number): Uint8Array {
    const step = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, length))) - 4)
    const size = Math.ceil(length / step) * step
    const buffer = this.#zeroes.get(size) ?? new ArrayBuffer(size)
    this.#zeroes.set(size, buffer)
    return new Uint8Array(buffer, 0, length)
  }
}

function draw({ inode, generation, from, length }: Extent): Uint8Array {
  const bytes = new Uint8Array(length)
  const seed = Math.imul(inode, 0x9e3779b1) ^ Math.imul(generation, 0x85ebca77)
  for (let i = 0; i < length; i++) {
    const offset = from + i
    let word = Math.imul(seed ^ (offset >>> 2), 0xc2b2ae3d)
    word = Math.imul(word ^ (word >>> 15), 0x27d4eb2f)
    bytes[i] = (word ^ (word >>> 13)) >>> (8 * (offset & 3))
  }
  return bytes
}
