// A source volume's storage: a directory of this machine, most often a slow network file system.
// Written for storage where each operation costs: one lookup, one open, one read and no more.
//
// It must never leave the root whatever a path says, never use more threads or descriptors than it
// was given, and never let a storage that hangs hang anything else.
import { setTimeout as sleep } from 'node:timers/promises'
import { abortedError, waitUnlessAborted } from '../../src/base/abort.ts'
import { PotluckError } from '../../src/base/errors.ts'
import type { Attributes, Name, Path } from '../../src/ports/messages.ts'
import type {
  Listing,
  Source,
  SourceEntry,
  SourceOptions,
  SourceRange,
  SourceUsage,
} from '../../src/ports/source.ts'
import { attributesOf, nameAndTypeOf } from './attributes.ts'
import type { Calls } from './system/calls.ts'
import { childPlace, type Directories } from './directories.ts'
import { hasCode } from './system/failures.ts'
import type { Files, ReadResult } from './files.ts'
import { mapAtOnce } from './map-at-once.ts'
import { checkName, joinPath, readablePath, splitPath } from './paths.ts'
import type { Root } from './system/root.ts'
import type { Storage } from './system/storage.ts'
import { readXattrs } from './system/xattrs.ts'

/** The most one read may ask for: the largest block that a volume can have. */
const READ_BYTES = 4 * 1024 * 1024

/** How long calls under way are waited for when nobody wants what they bring any more. */
const CLOSE_MS = 2000

export type DirectorySourceParts = {
  readonly root: Root
  readonly rootDevice: bigint
  readonly calls: Calls
  readonly storage: Storage
  readonly directories: Directories
  readonly files: Files
  /** Attributes of one directory's children read at a time. */
  readonly listingConcurrency: number
  readonly timeoutMs: number
}

/** What was done to the storage since the start. All only grow but the last three. */
export type StorageCounts = {
  /** Directories found by name. */
  readonly lookup: number
  /** Files opened. */
  readonly open: number
  readonly lstat: number
  readonly fstat: number
  readonly readdir: number
  readonly readlink: number
  readonly read: number
  readonly bytes: number
  readonly openDescriptors: number
  readonly inFlight: number
  readonly hanging: number
}

type OpenDirectory = { readonly path: Path; readonly descriptor: number }

export class DirectorySource implements Source {
  readonly #parts: DirectorySourceParts
  #isClosed = false

  /** Made by `openDirectorySource`. */
  constructor(parts: DirectorySourceParts) {
    this.#parts = parts
  }

  attributes(path: Path, options: SourceOptions = {}): Promise<Attributes> {
    return this.begin(path, options, async () => {
      const { directories, root, storage } = this.#parts
      const stats =
        path === ''
          ? await storage.fstat(path, root.descriptor)
          : await directories.usePlace(path, (place) => storage.lstat(path, place))
      return attributesOf(stats, await directories.mountPointOf(path, stats.dev))
    })
  }

  list(
    path: Path,
    options: SourceOptions & { readonly choose?: (names: readonly Name[]) => readonly Name[] } = {},
  ): Promise<Listing> {
    const { directories } = this.#parts
    // Opened anew, since what was at this path a moment ago may be another directory than is now.
    return this.begin(path, options, () =>
      directories.use(path, (open) => this.#listOpen(path, open, options), { isFresh: true }),
    )
  }

  entries(
    path: Path,
    names: readonly Name[],
    options: SourceOptions = {},
  ): Promise<readonly SourceEntry[]> {
    return this.begin(path, options, async () => {
      for (const name of names) checkName(name, path)
      return this.#parts.directories.use(path, (descriptor) =>
        this.#entriesIn({ path, descriptor }, names, options),
      )
    })
  }

  read(path: Path, range: SourceRange, options: SourceOptions = {}): Promise<ReadResult> {
    const { from, length } = range
    return this.begin(path, options, async () => {
      const isInBounds = Number.isSafeInteger(from) && from >= 0 && length >= 0
      if (!isInBounds || !(length <= READ_BYTES)) {
        throw new PotluckError('EINVAL', `read ${readablePath(path)}: ${length} bytes from ${from}`)
      }
      return this.#parts.files.read(path, range)
    })
  }

  xattrs(path: Path, options: SourceOptions = {}): Promise<ReadonlyMap<Name, Uint8Array>> {
    const { calls, directories } = this.#parts
    return this.begin(path, options, () =>
      directories.usePlace(path, (place) => readXattrs(path, place, { calls })),
    )
  }

  usage(options: SourceOptions = {}): Promise<SourceUsage> {
    const { root, storage } = this.#parts
    return this.begin('', options, async () => {
      const stats = await storage.statfs(childPlace(root.descriptor, ''))
      return {
        blockBytes: stats.bsize,
        blocks: stats.blocks,
        blocksFree: stats.bfree,
        blocksAvailable: stats.bavail,
        files: stats.files,
        filesFree: stats.ffree,
      }
    })
  }

  counts(): StorageCounts {
    const { calls, directories, files } = this.#parts
    const count = (operation: string): number => calls.counts.get(operation) ?? 0
    return {
      lookup: count('lookup'),
      open: count('open'),
      lstat: count('lstat'),
      fstat: count('fstat'),
      readdir: count('readdir'),
      readlink: count('readlink'),
      read: count('read'),
      bytes: files.bytesRead,
      openDescriptors: directories.size + files.size + 1,
      inFlight: calls.inFlight,
      hanging: calls.hanging,
    }
  }

  /** Waits a little for calls under way, as nobody wants what they bring: they may hang. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const { directories, files, root, storage, timeoutMs } = this.#parts
    const closed = Promise.all([files.close(), directories.close()])
    const waitMs = Math.min(timeoutMs, CLOSE_MS)
    await Promise.race([closed, sleep(waitMs, undefined, { ref: false })])
    await storage.close(root.descriptor)
  }

  /** What all methods have in common: the path checked, the signal heeded, a retry where it helps. */
  protected async begin<T>(
    path: Path,
    { signal }: SourceOptions,
    work: () => Promise<T>,
  ): Promise<T> {
    if (this.#isClosed) throw new PotluckError('CLOSED', 'the source is closed')
    if (signal?.aborted === true) throw abortedError()
    splitPath(path)
    const done = this.#parts.directories.retryFresh(path, work)
    return waitUnlessAborted(done, signal, () => undefined)
  }

  async #listOpen(
    path: Path,
    descriptor: number,
    options: SourceOptions & { readonly choose?: (names: readonly Name[]) => readonly Name[] },
  ): Promise<Listing> {
    const { directories, storage } = this.#parts
    // Before the names: a name added in between then shows as a directory that is newer than its
    // page, and never as a page that is older than it says.
    const stats = await storage.fstat(path, descriptor)
    const mountPoint = await directories.mountPointOf(path, stats.dev)
    const listed = await storage.readdir(path, childPlace(descriptor, ''))
    const names = listed.map(nameAndTypeOf)
    const all = names.map(({ name }) => name)
    const entries = await this.#entriesIn(
      { path, descriptor },
      options.choose?.(all) ?? all,
      options,
    )
    return { self: attributesOf(stats, mountPoint), names, entries }
  }

  async #entriesIn(
    directory: OpenDirectory,
    names: readonly Name[],
    { signal }: SourceOptions,
  ): Promise<SourceEntry[]> {
    const entries = await mapAtOnce(names, this.#parts.listingConcurrency, (name) => {
      if (signal?.aborted === true) throw abortedError()
      return this.#entryOf(directory, name)
    })
    return entries.filter((entry) => entry !== undefined)
  }

  /** Undefined for a child that has disappeared since its name was read. */
  async #entryOf(directory: OpenDirectory, name: Name): Promise<SourceEntry | undefined> {
    const { directories, storage } = this.#parts
    const path = joinPath(directory.path, name)
    const place = childPlace(directory.descriptor, name)
    try {
      const stats = await storage.lstat(path, place)
      const attributes = attributesOf(stats, await directories.mountPointOf(path, stats.dev))
      if (attributes.type !== 'symlink') return { name, attributes }
      return { name, attributes, target: await storage.readlink(path, place) }
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined
      throw error
    }
  }
}
