// Who has the last word on a source volume: the directory on shared storage, read block by block.
//
// A block is stamped *before* the source is read: a change told while the read is under way then
// makes the result stale, never the other way round. And it is stamped no earlier than the floor it was
// asked for, however slow the clock here is: else nothing read here would ever be fresh enough for
// an asker whose clock, or whose news, is ahead of ours. What the source says now goes before what the
// asker believed: a file of another version is answered with its attributes instead of its bytes.
import type { Clock } from '../ports/clock.ts'
import type { Answer, Block, Stamp, Want } from '../ports/messages.ts'
import type { SourceOptions } from '../ports/source.ts'
import { PotluckError } from '../base/errors.ts'
import { ROOT_INODE } from '../block/key.ts'
import type { HybridClock } from '../block/stamp.ts'
import { versionOf } from '../block/version.ts'
import { encodeXattrs } from '../wire/xattrs.ts'
import { Denials } from './denials.ts'
import { DirectoryPages, type DirectoryPagesInit } from './directory-pages.ts'

/** Files up to this size travel in their directory's page, unless the volume says otherwise. */
export const DEFAULT_INLINE_BYTES = 0

type ReadOptions = SourceOptions & { readonly before?: Block | undefined }

/** A stamp from before the source has answered. */
export type Begun = { readonly begun: Stamp }

export type SourceAnswer = Extract<Answer, { type: 'block' | 'changed' }>

export type DirectoryAuthorityInit = DirectoryPagesInit & {
  readonly blockBytes: number
  readonly clock: Clock
  readonly stamps: HybridClock
  readonly checksum: (bytes: Uint8Array) => number
}

export class DirectoryAuthority {
  readonly #init: DirectoryAuthorityInit
  readonly #pages: DirectoryPages
  readonly #denials: Denials

  constructor(init: DirectoryAuthorityInit) {
    this.#init = init
    this.#pages = new DirectoryPages(init)
    this.#denials = new Denials(init.clock)
  }

  /**
   * Reads one block off the source, or of a page what is wanted and not known yet. `before`: what
   * this node has of the page. @throws PotluckError with the errno of what failed
   */
  async read(want: Want, options: ReadOptions = {}): Promise<SourceAnswer> {
    const { before } = options
    const stamp = Math.max(this.#init.stamps.reading(want.floor), (before?.stamp ?? -1) + 1)
    if (want.kind === 'data') {
      return this.#denials.unlessDenied(want, () => this.#readData(want, stamp, options))
    }
    if (want.kind === 'page') return this.#readPage(want, stamp, options)
    const bytes = await this.#readXattrs(want, options)
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

  async #readPage(want: Want, stamp: Stamp, options: ReadOptions): Promise<SourceAnswer> {
    const { before, ...rest } = options
    const page = await this.#pages.read({ want, stamp, before: before?.bytes }, rest)
    return { type: 'block', block: this.#seal(page.bytes, page.stamp, 0) }
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

  #seal(bytes: Uint8Array, stamp: Stamp, version: number): Block {
    return { stamp, version, checksum: this.#init.checksum(bytes), bytes }
  }
}
