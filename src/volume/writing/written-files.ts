// Files that are open for more than reading: their handles here, and at whoever has the source.
import { PotluckError } from '../../base/errors.ts'
import { versionOf } from '../../block/version.ts'
import type { Allocation } from '../../ports/changes.ts'
import type { Attributes, Inode } from '../../ports/messages.ts'
import type { Made, Span } from '../../ports/writable-source.ts'
import type { ChangeOptions, Nodeid, OpenFile, Options, Written } from '../volume.ts'
import { Churn } from './churn.ts'
import type { Making } from './making.ts'

/** For what changes nothing, and so is nobody's. */
export const NOBODY = { caller: { uid: 0, gid: 0, groups: [], umask: 0 } }

export const READ = { access: 'read', append: false, truncate: false, direct: false } as const

export class WrittenFiles {
  readonly #making: Making
  readonly #churn: Churn

  constructor(making: Making) {
    this.#making = making
    this.#churn = new Churn(making.reading.blockBytes)
  }

  /** Gives a handle to what was just opened at the source; where that fails it is closed there. */
  async opened(
    { handle: theirs }: Made,
    open: () => { readonly nodeid: Nodeid },
    options: Options & { readonly direct: boolean; readonly isReferred?: boolean },
  ): Promise<OpenFile> {
    if (theirs === undefined) throw new PotluckError('EIO', 'what was opened has no handle')
    const { handles, reading, tree } = this.#making
    try {
      const { nodeid } = open()
      const file = await reading.open(nodeid, options)
      this.#use(file.handle)
      handles.add(file.handle, { theirs, inode: tree.record(nodeid).inode })
      return options.direct ? { ...file, directIo: true } : file
    } catch (error) {
      // The kernel will never hear of what it would have to forget.
      if (options.isReferred === true) reading.forget(open().nodeid, 1)
      await this.#close(theirs)
      throw error
    }
  }

  /** Whether so many bytes of a file that is open for writing are better read by its handle. */
  isPastBlocks(
    { inode, attributes }: { readonly inode: Inode; readonly attributes: Attributes },
    length: number,
  ): boolean {
    return this.#churn.isPast({ inode, version: versionOf(attributes) }, length)
  }

  async read(
    handle: number,
    range: { readonly from: number; readonly length: number },
    options: Options,
  ): Promise<readonly Uint8Array[]> {
    this.#use(handle)
    const { from, length } = range
    const change = { type: 'read', of: await this.#readable(handle, from), length } as const
    const { bytes } = await this.#making.make(change, { ...options, ...NOBODY })
    return bytes === undefined || bytes.length === 0 ? [] : [bytes]
  }

  async write(
    handle: number,
    { from, bytes }: { readonly from: number | 'end'; readonly bytes: Uint8Array },
    options: ChangeOptions,
  ): Promise<Written> {
    this.#use(handle)
    const isAppend = from === 'end'
    const of = this.#span(handle, isAppend ? 0 : from)
    const made = await this.#making.make({ type: 'write', of, bytes, isAppend }, options)
    return { from: made.offset ?? of.from, length: made.count ?? 0 }
  }

  async allocate(
    handle: number,
    range: { readonly from: number; readonly length: number; readonly how: Allocation },
    options: ChangeOptions,
  ): Promise<void> {
    const { from, length, how } = range
    const of = this.#span(handle, from)
    await this.#making.make({ type: 'allocate', of, length, how }, options)
  }

  async copyRange(
    from: { readonly handle: number; readonly offset: number },
    to: { readonly handle: number; readonly offset: number },
    options: ChangeOptions & { readonly length: number },
  ): Promise<number> {
    const of = await this.#readable(from.handle, from.offset)
    const into = this.#span(to.handle, to.offset)
    const { length } = options
    const made = await this.#making.make({ type: 'copy', of, to: into, length }, options)
    return made.count ?? 0
  }

  async seek(
    handle: number,
    from: number,
    options: Options & { readonly for: 'data' | 'hole' },
  ): Promise<number> {
    const of = await this.#readable(handle, from)
    const change = { type: 'seek', of, for: options.for } as const
    const { offset } = await this.#making.make(change, { ...options, ...NOBODY })
    return offset ?? from
  }

  async sync(handle: number, options: Options & { readonly dataOnly: boolean }): Promise<void> {
    const theirs = this.#making.handles.find(handle)
    const { inode } = this.#making.reading.recordOf(handle)
    // Who only reads has nothing of its own that is not safe.
    if (theirs === undefined) return this.#making.reading.unsaved.save(inode)
    const { dataOnly } = options
    await this.#making.make({ type: 'sync', handle: theirs, dataOnly }, { ...options, ...NOBODY })
  }

  release(handle: number): void {
    const { handles } = this.#making
    const closed = handles.remove(handle)
    if (closed === undefined) return
    const { inode } = closed
    if (this.#churn.knows(inode) && handles.ofInode(inode) === undefined) this.#churn.forget(inode)
    void this.#close(closed.theirs)
  }

  /** What is answered by handles, not by blocks, keeps a file hot, too. */
  #use(handle: number): void {
    const { reading } = this.#making
    reading.uses?.used(reading.recordOf(handle))
  }

  /** A handle that can't be closed is not open any more, or its holder is gone. */
  async #close(handle: number): Promise<void> {
    await this.#making.make({ type: 'close', handle }, NOBODY).catch(() => undefined)
  }

  /** A file that is open for reading alone has no handle at the source until it needs one. */
  async #readable(handle: number, from: number): Promise<Span> {
    const { handles, reading } = this.#making
    if (handles.find(handle) === undefined) {
      const { nodeid, inode } = reading.recordOf(handle)
      const change = { type: 'open', on: this.#making.on(nodeid), how: READ } as const
      const { handle: theirs } = await this.#making.make(change, NOBODY)
      if (theirs !== undefined) handles.add(handle, { theirs, inode })
    }
    return handles.span(handle, from)
  }

  #span(handle: number, from: number): Span {
    return this.#making.handles.span(handle, from)
  }
}
