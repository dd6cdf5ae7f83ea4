// Changes of a source in write-back mode: what is written stays here as byte ranges, with a copy at
// another peer, and goes to the source later; everything else is made there at once, after what was
// written to the same inode before.
//
// Nothing of this is seen from outside: what reads by a handle gets the newest bytes, what was
// answered survives this node, and who needs the source itself asks for a flush first.
// It must never take a write that it can't have copied: such a one goes through.
import type { Log } from '../../base/log.ts'
import type { Counters } from '../../base/counters.ts'
import type { MakeOptions, SourceChanges } from '../../authority/changes/source-changes.ts'
import { Turns } from '../../authority/changes/turns.ts'
import type { HybridClock } from '../../block/stamp.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Attributes, Inode, Invalidation, Path, PeerId } from '../../ports/messages.ts'
import type { Change, Made } from '../../ports/writable-source.ts'
import { CopySession, type CopySessionInit } from './copies/copy-session.ts'
import { type DirtyFile, overlay } from './dirty-file.ts'
import { DirtyFiles } from './dirty-files.ts'
import { Flushing } from './flushing.ts'
import { inodesOf, isRemoval, removedIn } from './flushed-before.ts'
import { closeDetached, Taking, type WriteChange } from './taking.ts'

export type BackChangesInit = Pick<CopySessionInit, 'network' | 'candidates' | 'isGone'> & {
  readonly source: SourceChanges
  readonly volume: string
  readonly self: PeerId
  readonly epoch: number
  readonly clock: Clock
  readonly stamps: HybridClock
  readonly counters: Counters
  readonly log?: Log | undefined
  /** The most memory that written bytes may take, in bytes. */
  readonly dirtyBytes: number
  /** Bytes are put on the source when they are older than this, in milliseconds. */
  readonly dirtyAgeMs: number
  /** Where an inode is now, if this node knows. */
  readonly pathOf: (inode: Inode) => Path | undefined
  /** Takes in, and tells, what a flush left behind. */
  readonly onFlushed: (news: readonly Invalidation[]) => void
}

type FlushAllOptions = {
  readonly onProgress?: ((bytesLeft: number) => void) | undefined
  /** @default all */
  readonly inodes?: ReadonlySet<Inode>
}

export class BackChanges {
  readonly copies: CopySession
  readonly #init: BackChangesInit
  readonly #files: DirtyFiles
  readonly #flushing: Flushing
  readonly #taking: Taking
  readonly #turns = new Turns()

  constructor(init: BackChangesInit) {
    this.#init = init
    const { source, clock } = init
    this.copies = new CopySession({
      ...init,
      flushAll: (inodes) => this.flushAll({ inodes }),
      pieces: () => this.#files.pieces((file) => this.#pathOf(file)),
      onMoved: () => init.onFlushed(this.marks()),
      onTaken: (inodes) => this.#files.of(inodes).forEach((file) => this.#files.drop(file)),
    })
    this.#flushing = new Flushing({
      ...init,
      copies: this.copies,
      make: (change, caller) => source.make(change, { caller }),
      onFlushed: (file, news) => this.#flushed(file, news),
    })
    this.#files = new DirtyFiles({
      clock,
      capacityBytes: init.dirtyBytes,
      ageMs: init.dirtyAgeMs,
      flush: (file) => this.#flush(file),
      isOpen: (file) => this.#isOpen(file),
      onClean: (file) => closeDetached(file, source),
    })
    this.#taking = new Taking({
      ...init,
      files: this.#files,
      flushing: this.#flushing,
      copies: this.copies,
      pathOf: (file) => this.#pathOf(file),
      mark: (inode) => this.#mark(inode, true),
    })
  }

  get gauges(): { readonly dirtyBytes: number; readonly dirtyFiles: number } {
    return { dirtyBytes: this.#files.bytes, dirtyFiles: this.#files.size }
  }

  stop(): void {
    this.#files.stop()
    this.copies.stop()
    this.#init.source.stop()
  }

  holds(inode: Inode): boolean {
    return this.#files.get(inode) !== undefined
  }

  /** Attributes as they will be when all is on the source. */
  shown(attributes: Attributes): Attributes {
    return this.#files.get(attributes.inode)?.shown(attributes) ?? attributes
  }

  /**
   * All that was written to an inode is on the source when it resolves, and nobody will write it
   * there again.
   *
   * @throws PotluckError what the source failed with
   */
  async flush(inode: Inode): Promise<void> {
    const file = this.#files.get(inode)
    if (file !== undefined) await this.#flush(file)
    await this.copies.settled(inode)
  }

  /** Flushes in order; what fails stays dirty. */
  async flushAll({ onProgress, inodes }: FlushAllOptions = {}): Promise<void> {
    for (const file of inodes === undefined ? this.#files.all() : this.#files.of(inodes)) {
      const isVoid = file.removedMs !== undefined && !this.#isOpen(file)
      if (!isVoid) await this.#flush(file).catch(() => undefined)
      onProgress?.(this.#files.bytes)
    }
  }

  /** What is dirty here, for newcomers. */
  marks(): Invalidation[] {
    return this.#files.all().map(({ inode }) => this.#mark(inode, true))
  }

  /** @throws PotluckError as the source does; where a flush must come first, what that fails with */
  async make(change: Change, options: MakeOptions): Promise<Made> {
    switch (change.type) {
      case 'write':
        return change.isAppend ? this.#inOrder(change, options) : this.#write(change, options)
      case 'read':
        return this.#read(change, options)
      case 'sync':
        await this.#flushBy(change.handle)
        return this.#init.source.make(change, options)
      case 'close':
        return this.#close(change.handle, options)
      default:
        return this.#inOrder(change, options)
    }
  }

  /** Makes a change on the source, after what was written to the inodes that it is about. */
  async #inOrder(change: Change, options: MakeOptions): Promise<Made> {
    const { source } = this.#init
    const pathOf = (file: DirtyFile): Path => this.#pathOf(file)
    const inodes = inodesOf(change, { files: this.#files.all(), pathOf, source })
    const made = await this.#turns.take(inodes, async () => {
      for (const inode of inodes) await this.flush(inode)
      return source.make(change, options)
    })
    if (isRemoval(change)) for (const inode of removedIn(made)) await this.#removed(inode)
    return made
  }

  async #write(change: WriteChange, options: MakeOptions): Promise<Made> {
    const { source, counters } = this.#init
    const inode = source.inodeOf(change.of.handle)
    if (inode === undefined) return source.make(change, options)
    const hasRoom = await this.#files.makeRoom(change.bytes.length)
    return this.#turns.take([inode], async () => {
      const made = hasRoom ? await this.#taking.take(inode, change, options) : undefined
      if (made !== undefined) return made
      counters.add('writes_through_total')
      await this.flush(inode)
      return source.make(change, options)
    })
  }

  async #read(change: Change & { readonly type: 'read' }, options: MakeOptions): Promise<Made> {
    const { source } = this.#init
    const { handle, from } = change.of
    const file = this.#files.get(source.inodeOf(handle) ?? '')
    // Who reads it may keep it: the next write is told again.
    if (file !== undefined) file.isAnnounced = false
    // Before the source is read: what is flushed meanwhile would be in neither.
    const extents = file?.ranges.within(from, from + change.length) ?? []
    const end = file === undefined ? 0 : file.ranges.end
    const made = await source.make(change, options)
    if (made.bytes === undefined) return made
    const bytes = overlay(made.bytes, extents, { from, length: change.length, end })
    return { ...made, bytes, count: bytes.length }
  }

  async #close(handle: number, options: MakeOptions): Promise<Made> {
    const { source } = this.#init
    const file = this.#files.get(source.inodeOf(handle) ?? '')
    if (file?.handle !== handle) return source.make({ type: 'close', handle }, options)
    file.isDetached = true
    return { news: [] }
  }

  async #flushBy(handle: number): Promise<void> {
    const inode = this.#init.source.inodeOf(handle)
    if (inode !== undefined) await this.#turns.take([inode], () => this.flush(inode))
  }

  async #flush(file: DirtyFile): Promise<void> {
    try {
      await this.#flushing.flush(file)
    } finally {
      this.#files.changed(file)
    }
  }

  #flushed({ inode, ranges }: DirtyFile, news: readonly Invalidation[]): void {
    this.#init.onFlushed(ranges.isEmpty ? [...news, this.#mark(inode, false)] : news)
  }

  /** Its last name is gone, or one of several: then nobody may look for it where it was. */
  async #removed({ inode, nlink }: Attributes): Promise<void> {
    const file = this.#files.get(inode)
    if (file === undefined) return
    if (nlink > 0) {
      await this.#flush(file).catch(() => undefined)
      return
    }
    file.removedMs = this.#init.clock.now()
    await this.copies.drop(inode, file.sequence)
  }

  #mark(inode: Inode, isDirty: boolean): Invalidation {
    const { volume, stamps, self: by } = this.#init
    const { session, copy } = this.copies.keeperOf(inode)
    const kept = isDirty && copy !== undefined ? { copy } : {}
    const news = { type: 'dirty', by, session, isDirty, ...kept } as const
    return { volume, inode, stamp: stamps.tick(), news }
  }

  #pathOf({ inode, path }: DirtyFile): Path {
    return this.#init.pathOf(inode) ?? path
  }

  #isOpen({ inode, handle, isDetached }: DirtyFile): boolean {
    const open = this.#init.source.handlesOf(inode)
    return open.some((one) => one !== handle || !isDetached)
  }
}
