// Open files: the blocks of one file that are read one after another share one `open`.
import { constants } from 'node:fs'
import { PotluckError } from '../../src/base/errors.ts'
import type { Attributes, Path } from '../../src/ports/messages.ts'
import type { SourceRange } from '../../src/ports/source.ts'
import { attributesOf } from './attributes.ts'
import { Descriptors } from './system/descriptors.ts'
import type { Directories } from './directories.ts'
import { hasCode } from './system/failures.ts'
import { readablePath } from './paths.ts'
import type { Storage } from './system/storage.ts'

/** O_NONBLOCK, since a pipe put where a file was would block the open for ever. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY

export type FilesInit = {
  readonly directories: Directories
  readonly storage: Storage
  readonly capacity: number
}

type Part = { readonly from: number; readonly length: number; readonly isWhole: boolean }

export type ReadResult = { readonly attributes: Attributes; readonly bytes: Uint8Array }

export class Files {
  readonly #init: FilesInit
  readonly #kept: Descriptors<number>
  #bytesRead = 0

  constructor(init: FilesInit) {
    const { capacity, directories, storage } = init
    const open = (path: Path): Promise<number> =>
      directories.usePlace(path, (place) => storage.open(path, place, FLAGS))
    this.#init = init
    this.#kept = new Descriptors({ capacity, open, close: (it) => storage.close(it) })
  }

  get size(): number {
    return this.#kept.size
  }

  get bytesRead(): number {
    return this.#bytesRead
  }

  /** As Source.read, the path checked. */
  async read(path: Path, range: SourceRange): Promise<ReadResult> {
    const work = (descriptor: number): Promise<ReadResult> =>
      this.#readOpen(path, range, descriptor)
    const wasKept = this.#kept.has(path)
    try {
      return await this.#kept.use(path, work)
    } catch (error) {
      this.#kept.forget(path)
      // The file that was kept open may have been replaced since; one opened just now was not.
      if (wasKept && hasCode(error, 'ESTALE')) return this.#kept.use(path, work)
      throw error
    }
  }

  close(): Promise<void> {
    return this.#kept.close()
  }

  async #readOpen(path: Path, range: SourceRange, descriptor: number): Promise<ReadResult> {
    const { directories, storage } = this.#init
    const before = await storage.fstat(path, descriptor)
    const mountPoint = await directories.mountPointOf(path, before.dev)
    const expected = attributesOf(before, mountPoint)
    checkFile(path, expected, range)
    const part = clip(range, expected.size)
    const { bytes, isLonger } = await this.#readRange(path, descriptor, part)
    const isWhole = part.isWhole && !isLonger && bytes.length === part.length
    // Nothing more will be read of a file that was read as a whole; at worst it is newer than said.
    if (isWhole) this.#kept.forget(path)
    if (isWhole) return { attributes: expected, bytes }
    // Of the others, asked again behind each block: what was written while it was read shows in these
    // attributes, and blocks of two states are never put together. Not for all, since reading makes
    // some file systems forget the attributes, and a small file would cost one more operation.
    const attributes = attributesOf(await storage.fstat(path, descriptor), mountPoint)
    return { attributes, bytes }
  }

  /**
   * Into memory of exactly this size that is nobody else's: a small block in the shard would keep
   * all of a pool's slab from being freed. Of a whole file one byte more is asked for, by the same call:
   * had it grown since it was looked at, what is read of it would be cut to a state that never was.
   */
  async #readRange(
    path: Path,
    descriptor: number,
    { from, length, isWhole }: Part,
  ): Promise<{ readonly bytes: Uint8Array; readonly isLonger: boolean }> {
    const bytes = Buffer.allocUnsafeSlow(length)
    const beyond = isWhole ? [Buffer.alloc(1)] : []
    let filled = 0
    while (filled < length) {
      const into = { buffers: [bytes.subarray(filled), ...beyond], position: from + filled }
      const count = await this.#init.storage.read(path, descriptor, into)
      if (count === 0) return { bytes: new Uint8Array(bytes.subarray(0, filled)), isLonger: false }
      filled += count
      this.#bytesRead += count
    }
    return { bytes, isLonger: filled > length }
  }
}

function checkFile(path: Path, { inode, type }: Attributes, wanted: SourceRange): void {
  if (inode !== wanted.inode) {
    const message = `read ${readablePath(path)}: inode ${inode} is there, not ${wanted.inode}`
    throw new PotluckError('ESTALE', message)
  }
  if (type === 'file') return
  const code = type === 'directory' ? 'EISDIR' : 'EINVAL'
  throw new PotluckError(code, `read ${readablePath(path)}: it is a ${type}`)
}

/** The part of a range that lies within the file. */
function clip({ from, length }: SourceRange, size: number): Part {
  const isWhole = from === 0 && length >= size
  return { from, length: Math.max(0, Math.min(length, size - from)), isWhole }
}
