// Who has the last word on a source volume: the directory on shared storage, read block by block.
//
// A block is stamped *before* the source is read: a change told while the read is under way then
// makes the result stale, never the other way round. And it is stamped later than the floor it was
// asked for, however slow the clock here is: else nothing read here would ever be fresh enough for
// an asker whose clock, or whose news, is ahead of ours. What the source says now goes before what the
// asker believed: a file of another version is answered with its attributes instead of its bytes.
import type { Answer, Block, Name, Stamp, Want } from '../ports/messages.ts'
import type { Listing, Source, SourceEntry, SourceOptions } from '../ports/source.ts'
import { PotluckError } from '../base/errors.ts'
import { ROOT_INODE } from '../block/key.ts'
import type { HybridClock } from '../block/stamp.ts'
import { versionOf } from '../block/version.ts'
import { encodePage, partOf, type PageEntry } from '../wire/page.ts'
import { encodeXattrs } from '../wire/xattrs.ts'

/** Directories with more names than this are split by a hash of the name. */
export const NAMES_A_PAGE = 2048

/** Files up to this size travel in their directory's page, unless the volume says otherwise. */
export const DEFAULT_INLINE_BYTES = 0

/** All small files of one page together carry at most this many bytes. */
const INLINE_BYTES_A_PAGE = 256 * 1024

export type SourceAnswer = Extract<Answer, { type: 'block' | 'changed' }>

export type DirectoryAuthorityInit = {
  readonly source: Source
  readonly blockBytes: number
  /** Files up to this size travel in their directory's page; 0 for none. */
  readonly inlineBytes: number
  /** @default NAMES_A_PAGE */
  readonly namesAPage?: number | undefined
  readonly stamps: HybridClock
  readonly checksum: (bytes: Uint8Array) => number
}

export class DirectoryAuthority {
  readonly #init: DirectoryAuthorityInit
  readonly #namesAPage: number

  constructor(init: DirectoryAuthorityInit) {
    this.#init = init
    this.#namesAPage = init.namesAPage ?? NAMES_A_PAGE
  }

  get source(): Source {
    return this.#init.source
  }

  /** Reads one block off the source. @throws PotluckError with the errno of what failed */
  async read(want: Want, options: SourceOptions = {}): Promise<SourceAnswer> {
    this.#init.stamps.witness(want.floor)
    const stamp = this.#init.stamps.tick()
    if (want.kind === 'data') return this.#readData(want, stamp, options)
    const bytes =
      want.kind === 'page'
        ? await this.#readPage(want, options)
        : await this.#readXattrs(want, options)
    return { type: 'block', block: this.#seal(bytes, stamp, 0) }
  }

  async #readData(want: Want, stamp: Stamp, options: SourceOptions): Promise<SourceAnswer> {
    const { source, blockBytes } = this.#init
    const from = want.index * blockBytes
    const range = { inode: want.inode, from, length: blockBytes }
    const { attributes, bytes } = await source.read(want.path, range, options)
    const version = versionOf(attributes)
    if (version !== want.version) return { type: 'changed', attributes, stamp }
    if (bytes.length < Math.min(blockBytes, attributes.size - from)) {
      throw new PotluckError('EIO', `${want.path} became shorter while it was read`)
    }
    return { type: 'block', block: this.#seal(bytes, stamp, version) }
  }

  async #readPage(want: Want, options: SourceOptions): Promise<Uint8Array> {
    const { index, splits, path } = want
    const choose = (names: readonly Name[]): readonly Name[] => {
      if (index > 0) return names.filter((name) => partOf(name, splits) === index)
      return names.length > this.#namesAPage ? [] : names
    }
    const listing = await this.#init.source.list(path, { ...options, choose })
    const { self, count } = listing
    if (want.inode !== ROOT_INODE && self.inode !== want.inode) {
      throw new PotluckError('ESTALE', `another directory is now at ${path}`)
    }
    const isSplit = index === 0 && count > this.#namesAPage
    const entries = isSplit ? [] : await this.#withInline(want, listing, options)
    const parts = isSplit ? Math.ceil(count / (this.#namesAPage / 2)) : splits
    return encodePage({ self, splits: parts, total: count, entries })
  }

  async #readXattrs(want: Want, options: SourceOptions): Promise<Uint8Array> {
    const { source } = this.#init
    const xattrs = await source.xattrs(want.path, options)
    const { inode } = await source.attributes(want.path, options)
    if (want.inode !== ROOT_INODE && inode !== want.inode) {
      throw new PotluckError('ESTALE', `another inode is now at ${want.path}`)
    }
    return encodeXattrs(xattrs)
  }

  /** Adds the bytes of small files, as many as the page has room for. */
  async #withInline(want: Want, listing: Listing, options: SourceOptions): Promise<PageEntry[]> {
    let room = INLINE_BYTES_A_PAGE
    const reads = listing.entries.map(async (entry): Promise<PageEntry> => {
      const { size, type } = entry.attributes
      const fits = type === 'file' && size > 0 && size <= this.#init.inlineBytes && size <= room
      if (!fits) return entry
      room -= size
      return this.#readInline(want, entry, options)
    })
    return Promise.all(reads)
  }

  async #readInline(want: Want, entry: SourceEntry, options: SourceOptions): Promise<PageEntry> {
    const path = want.path === '' ? entry.name : `${want.path}/${entry.name}`
    const { inode, size } = entry.attributes
    try {
      const range = { inode, from: 0, length: size }
      const { attributes, bytes } = await this.#init.source.read(path, range, options)
      const isSame = versionOf(attributes) === versionOf(entry.attributes)
      return isSame && bytes.length === size ? { ...entry, inline: bytes } : entry
    } catch {
      // The page does not depend on it: whoever opens the file gets the error, or the bytes.
      return entry
    }
  }

  #seal(bytes: Uint8Array, stamp: Stamp, version: number): Block {
    return { stamp, version, checksum: this.#init.checksum(bytes), bytes }
  }
}
