// The Source port of one node: its way to the shared storage and the tree on it.
import type { Attributes, Name, Path } from '../../src/ports/messages.ts'
import type {
  Listing,
  Source,
  SourceEntry,
  SourceOptions,
  SourceRange,
  SourceUsage,
} from '../../src/ports/source.ts'
import { waitUnlessAborted } from '../../src/base/abort.ts'
import { PotluckError } from '../../src/base/errors.ts'
import type { Contents } from './contents.ts'
import type { Life } from '../engine/life.ts'
import type { Storage, StorageCall, StorageCounts, Weight } from './storage.ts'
import { attributesOf, type SimInode, type SimTree } from './tree.ts'

export type SimSourceInit = {
  readonly storage: Storage
  readonly tree: SimTree
  readonly contents: Contents
  /** Answers come through it: a dead node gets none. */
  readonly life: Life
  /** The node's number. */
  readonly node: number
  /** In which blocks reads are counted. */
  readonly blockBytes: number
  /**
   * Bytes off the storage come in through the node's own line, too: in how many milliseconds
   * the last of these is here. Absent: at once.
   */
  readonly intake?: (bytes: number) => number
}

/** `isOpen`: the file is open already, so no metadata operation is spent on it again. */
export type SimReadOptions = SourceOptions & { readonly isOpen?: boolean }

type Choose = (names: readonly Name[]) => readonly Name[]
type Begun<T> = { weight: Weight; end: () => T }

export class SimSource implements Source {
  /** This node's share of the storage's counts. */
  readonly counts: StorageCounts = { readdir: 0, stat: 0, open: 0, read: 0, bytes: 0 }
  readonly #init: SimSourceInit
  #isClosed = false

  constructor(init: SimSourceInit) {
    this.#init = init
  }

  attributes(path: Path, options: SourceOptions = {}): Promise<Attributes> {
    return this.perform({ kind: 'attributes', path }, options, () => {
      this.#count('stat', 1)
      const attributes = attributesOf(this.#init.tree.find(path))
      return { weight: { operations: 1, bytes: 0 }, end: () => attributes }
    })
  }

  list(path: Path, options: SourceOptions & { readonly choose?: Choose } = {}): Promise<Listing> {
    return this.perform({ kind: 'list', path }, options, () => {
      this.#count('readdir', 1)
      this.#init.storage.countList(path)
      const directory = this.#find(path, 'directory')
      const names = [...directory.children.keys()]
      const chosen = options.choose?.(names) ?? names
      this.#count('stat', 1 + chosen.length)
      const listing = listingOf(directory, chosen)
      const rounds = 1 + this.#init.storage.roundsFor(chosen.length)
      return { weight: { operations: 2 + chosen.length, bytes: 0, rounds }, end: () => listing }
    })
  }

  entries(
    path: Path,
    names: readonly Name[],
    options: SourceOptions = {},
  ): Promise<readonly SourceEntry[]> {
    return this.perform({ kind: 'list', path }, options, () => {
      this.#count('stat', names.length)
      const entries = entriesOf(this.#find(path, 'directory'), names)
      const rounds = this.#init.storage.roundsFor(names.length)
      return { weight: { operations: names.length, bytes: 0, rounds }, end: () => entries }
    })
  }

  read(
    path: Path,
    range: SourceRange,
    options: SimReadOptions = {},
  ): Promise<{ readonly attributes: Attributes; readonly bytes: Uint8Array }> {
    return this.perform({ kind: 'read', path }, options, () => {
      if (options.isOpen !== true) this.#count('open', 1)
      const file = this.#find(path, 'file')
      const before = attributesOf(file)
      if (before.inode !== range.inode) {
        throw new PotluckError('ESTALE', `another file: ${path}`)
      }
      this.#count('read', 1)
      // The file stays open until the end, whatever becomes of its name, and may change meanwhile.
      const length = lengthIn(file, range)
      // As the real one does: of a file read as a whole, as large as it was, the attributes may be older.
      const isWhole = range.from === 0 && length === before.size
      const end = () => ({
        attributes: isWhole && file.size === before.size ? before : attributesOf(file),
        bytes: this.#bytes(file, range),
      })
      return { weight: { operations: options.isOpen === true ? 0 : 1, bytes: length }, end }
    })
  }

  xattrs(path: Path, options: SourceOptions = {}): Promise<ReadonlyMap<Name, Uint8Array>> {
    return this.perform({ kind: 'xattrs', path }, options, () => {
      this.#init.tree.find(path)
      return { weight: { operations: 1, bytes: 0 }, end: () => new Map() }
    })
  }

  usage(options: SourceOptions = {}): Promise<SourceUsage> {
    const blocks = 2 ** 30
    const free = { blocksFree: blocks / 2, blocksAvailable: blocks / 2, filesFree: blocks / 2 }
    return this.perform({ kind: 'usage', path: '' }, options, () => ({
      weight: { operations: 1, bytes: 0 },
      end: () => ({ blockBytes: 4096, blocks, files: blocks, ...free }),
    }))
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }

  /** Any call on the storage: paid for, and answered while this life lasts. */
  protected perform<T>(
    call: Omit<StorageCall, 'node'>,
    { signal }: SourceOptions,
    begin: () => Begun<T>,
  ): Promise<T> {
    const { storage, life, node } = this.#init
    let bytes = 0
    const weighed = () => {
      const begun = begin()
      bytes = begun.weight.bytes
      return begun
    }
    if (this.#isClosed) return Promise.reject(new PotluckError('CLOSED', 'the source is closed'))
    const answer = new Promise<T>((resolve, reject) => {
      storage.perform({ ...call, node }, weighed).then(
        (value) => this.#takeIn(bytes, () => resolve(value)),
        (error: unknown) => life.whenRunning(() => reject(error as Error)),
      )
    })
    return waitUnlessAborted(answer, signal, () => {})
  }

  /** Goes on once the bytes have come through the node's line. */
  #takeIn(bytes: number, resolve: () => void): void {
    const { intake, life } = this.#init
    const delayMs = bytes > 0 && intake !== undefined ? intake(bytes) : 0
    if (delayMs > 0) life.after(delayMs, resolve)
    else life.whenRunning(resolve)
  }

  #find(path: Path, type: 'file' | 'directory'): SimInode {
    const found = this.#init.tree.find(path)
    if (found.type === type) return found
    if (type === 'directory') throw new PotluckError('ENOTDIR', `not a directory: ${path}`)
    const code = found.type === 'directory' ? 'EISDIR' : 'ELOOP'
    throw new PotluckError(code, `not a regular file: ${path}`)
  }

  #bytes(file: SimInode, range: SourceRange): Uint8Array {
    const { storage, contents, blockBytes } = this.#init
    const { number: inode, generation } = file
    const length = lengthIn(file, range)
    const [from, to] = [range.from / blockBytes, (range.from + length) / blockBytes]
    const indexes = { from: Math.floor(from), to: Math.ceil(to) }
    storage.countBlocks(`${inode}@${generation}`, indexes)
    this.#count('bytes', length)
    if (file.bytes !== undefined) {
      return Uint8Array.from(file.bytes.subarray(range.from, range.from + length))
    }
    return contents.bytes({ inode, generation, from: range.from, length })
  }

  /** All bytes of a file, a copy, at no cost. */
  protected bytesOf({ number: inode, generation, size, bytes }: SimInode): Uint8Array {
    if (bytes !== undefined) return Uint8Array.from(bytes)
    return Uint8Array.from(this.#init.contents.bytes({ inode, generation, from: 0, length: size }))
  }

  #count(name: keyof StorageCounts, amount: number): void {
    this.counts[name] += amount
    this.#init.storage.counts[name] += amount
  }
}

function listingOf(directory: SimInode, chosen: readonly Name[]): Listing {
  const names = [...directory.children].map(([name, { type }]) => ({ name, type }))
  return { self: attributesOf(directory), names, entries: entriesOf(directory, chosen) }
}

function entriesOf(directory: SimInode, chosen: readonly Name[]): SourceEntry[] {
  const entries: SourceEntry[] = []
  for (const name of chosen) {
    const child = directory.children.get(name)
    if (child === undefined) continue
    const attributes = attributesOf(child)
    const isLink = child.type === 'symlink'
    entries.push(isLink ? { name, attributes, target: child.target } : { name, attributes })
  }
  return entries
}

function lengthIn(file: SimInode, range: SourceRange): number {
  return Math.max(0, Math.min(range.length, file.size - range.from))
}
