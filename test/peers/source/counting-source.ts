import type { Attributes, Name, Path } from '../../../src/ports/messages.ts'
import type {
  Listing,
  Source,
  SourceEntry,
  SourceOptions,
  SourceRange,
  SourceUsage,
} from '../../../src/ports/source.ts'

type ListOptions = Parameters<Source['list']>[1]
type SourceRead = Awaited<ReturnType<Source['read']>>

/** How often each method was called, failures included. */
export type SourceCounts = {
  list: number
  attributes: number
  /** Entries that came with listings, each one `lstat` on the storage. */
  entries: number
  read: number
  bytes: number
  xattrs: number
  usage: number
}

/**
 * Counts what is asked of a source. It remembers each path for as long as it lives, so it is made
 * for tests, the demo and measurements; DirectorySource.counts() serves a node of any age.
 */
export class CountingSource implements Source {
  readonly #source: Source
  readonly #counts = noCounts()
  readonly #lists = new Map<Path, number>()
  readonly #attributes = new Map<Path, number>()
  /** By path and by the offset where the range begins. */
  readonly #reads = new Map<Path, Map<number, number>>()

  constructor(source: Source) {
    this.#source = source
  }

  counts(): SourceCounts {
    return { ...this.#counts }
  }

  /** The most often that one path was listed, asked for its attributes, or one range of it read. */
  maxima(): { readonly list: number; readonly attributes: number; readonly read: number } {
    return {
      list: largest(this.#lists.values()),
      attributes: largest(this.#attributes.values()),
      read: largest([...this.#reads.values()].flatMap((ofPath) => [...ofPath.values()])),
    }
  }

  /** How often a path was read, by the offset where the range began. */
  readsOf(path: Path): ReadonlyMap<number, number> {
    return this.#reads.get(path) ?? new Map<number, number>()
  }

  async attributes(path: Path, options?: SourceOptions): Promise<Attributes> {
    this.#counts.attributes += 1
    increment(this.#attributes, path)
    return this.#source.attributes(path, options)
  }

  async list(path: Path, options?: ListOptions): Promise<Listing> {
    this.#counts.list += 1
    increment(this.#lists, path)
    const listing = await this.#source.list(path, options)
    this.#counts.entries += listing.entries.length
    return listing
  }

  async entries(
    path: Path,
    names: readonly Name[],
    options?: SourceOptions,
  ): Promise<readonly SourceEntry[]> {
    const entries = await this.#source.entries(path, names, options)
    this.#counts.entries += entries.length
    return entries
  }

  async read(path: Path, range: SourceRange, options?: SourceOptions): Promise<SourceRead> {
    this.#counts.read += 1
    const ofPath = this.#reads.get(path) ?? new Map<number, number>()
    this.#reads.set(path, ofPath)
    increment(ofPath, range.from)
    const result = await this.#source.read(path, range, options)
    this.#counts.bytes += result.bytes.length
    return result
  }

  async xattrs(path: Path, options?: SourceOptions): Promise<ReadonlyMap<Name, Uint8Array>> {
    this.#counts.xattrs += 1
    return this.#source.xattrs(path, options)
  }

  async usage(options?: SourceOptions): Promise<SourceUsage> {
    this.#counts.usage += 1
    return this.#source.usage(options)
  }

  close(): Promise<void> {
    return this.#source.close()
  }
}

function noCounts(): SourceCounts {
  return { list: 0, attributes: 0, entries: 0, read: 0, bytes: 0, xattrs: 0, usage: 0 }
}

function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function largest(counts: Iterable<number>): number {
  let most = 0
  for (const count of counts) most = Math.max(most, count)
  return most
}
