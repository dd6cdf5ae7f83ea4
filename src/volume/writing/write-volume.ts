// A volume that takes changes: the read side, and beside it the write side's operations.
import type {
  Allocation,
  AttributeChanges,
  LockRange,
  NewName,
  Node,
  OpenMode,
  RenameMode,
  XattrMode,
} from '../../ports/changes.ts'
import type { Name, PeerId } from '../../ports/messages.ts'
import type { Change, NameChange } from '../../ports/writable-source.ts'
import type { InodeRecord } from '../../tree/inode-record.ts'
import type {
  Changed,
  ChangeOptions,
  Entry,
  Nodeid,
  OpenFile,
  Options,
  WritableVolume,
  Written,
} from '../volume.ts'
import { FileLocks, type FileLocksInit } from './file-locks.ts'
import { KeptFiles } from './kept-files.ts'
import { Making, type MakingInit } from './making.ts'
import { ReadThrough } from './read-through.ts'
import { WrittenFiles } from './written-files.ts'

type Made = { readonly entry: Entry; readonly file: OpenFile }
type Place = { readonly handle: number; readonly offset: number }

export class WriteVolume extends ReadThrough implements WritableVolume {
  readonly #making: Making
  readonly #files: WrittenFiles
  readonly #kept: KeptFiles
  readonly #locks: FileLocks

  constructor(init: MakingInit & FileLocksInit) {
    super(init.reading)
    this.#making = new Making(init)
    this.#files = new WrittenFiles(this.#making)
    this.#kept = new KeptFiles(this.#making, init.makeAt)
    this.#locks = new FileLocks(init)
  }

  /** Before a change takes the last name of a file that is open here. */
  async keepOpen(change: Change): Promise<void> {
    await this.#kept.before(change)
  }

  /** A peer has taken a name of a file. */
  removed(record: InodeRecord, by: PeerId): void {
    this.#kept.removed(record, by)
  }

  async setattr(
    nodeid: Nodeid,
    changes: AttributeChanges,
    options: ChangeOptions & { readonly handle?: number },
  ): Promise<Changed> {
    const on = this.#making.on(nodeid, options.handle)
    const made = await this.#making.make({ type: 'setattr', on, changes }, options)
    return this.#making.changed(nodeid, made)
  }

  async create(
    at: NewName,
    how: OpenMode & { readonly mode: number; readonly isExclusive: boolean },
    options: ChangeOptions,
  ): Promise<Made> {
    const { mode, isExclusive, ...open } = how
    const place = { at: this.#making.at(at), mode, isExclusive, how: open }
    const made = await this.#making.make({ type: 'create', ...place }, options)
    const entry = this.#making.entry(at, made)
    const { direct } = how
    const opened = { ...options, direct, isReferred: true }
    return { entry, file: await this.#files.opened(made, () => entry, opened) }
  }

  async tmpfile(
    parent: Nodeid,
    how: OpenMode & { readonly mode: number },
    options: ChangeOptions,
  ): Promise<Made> {
    const { mode, ...open } = how
    const on = this.#making.on(parent)
    const made = await this.#making.make({ type: 'tmpfile', on, mode, how: open }, options)
    const entry = this.#making.nameless(made)
    const { direct } = how
    const opened = { ...options, direct, isReferred: true }
    return { entry, file: await this.#files.opened(made, () => entry, opened) }
  }

  mknod(at: NewName, node: Node, options: ChangeOptions): Promise<Entry> {
    return this.#makeName(at, { type: 'mknod', at: this.#making.at(at), node }, options)
  }

  mkdir(at: NewName, mode: number, options: ChangeOptions): Promise<Entry> {
    return this.#makeName(at, { type: 'mkdir', at: this.#making.at(at), mode }, options)
  }

  symlink(at: NewName, target: string, options: ChangeOptions): Promise<Entry> {
    return this.#makeName(at, { type: 'symlink', at: this.#making.at(at), target }, options)
  }

  link(nodeid: Nodeid, at: NewName, options: ChangeOptions): Promise<Entry> {
    const [from, to] = [this.#making.on(nodeid), this.#making.at(at)]
    return this.#makeName(at, { type: 'link', from, at: to }, options)
  }

  async unlink(at: NewName, options: ChangeOptions): Promise<void> {
    const change = { type: 'unlink', at: this.#making.at(at) } as const
    await this.#kept.before(change)
    await this.#making.make(change, options)
  }

  async rmdir(at: NewName, options: ChangeOptions): Promise<void> {
    await this.#making.make({ type: 'rmdir', at: this.#making.at(at) }, options)
  }

  async rename(
    from: NewName,
    to: NewName,
    options: ChangeOptions & { readonly mode: RenameMode },
  ): Promise<void> {
    const [old, at] = [this.#making.at(from), this.#making.at(to)]
    const change = { type: 'rename', from: old, at, mode: options.mode } as const
    await this.#kept.before(change)
    await this.#making.make(change, options)
  }

  async setxattr(
    nodeid: Nodeid,
    xattr: { readonly name: Name; readonly value: Uint8Array; readonly mode: XattrMode },
    options: ChangeOptions,
  ): Promise<void> {
    await this.#making.make({ type: 'setxattr', on: this.#making.on(nodeid), ...xattr }, options)
  }

  async removexattr(nodeid: Nodeid, name: Name, options: ChangeOptions): Promise<void> {
    await this.#making.make({ type: 'removexattr', on: this.#making.on(nodeid), name }, options)
  }

  async openWith(nodeid: Nodeid, how: OpenMode, options: ChangeOptions): Promise<OpenFile> {
    const on = this.#making.on(nodeid)
    const made = await this.#making.make({ type: 'open', on, how }, options)
    return this.#files.opened(made, () => ({ nodeid }), { ...options, direct: how.direct })
  }

  /** By a handle where the file has no name any more, or where blocks are of no use: see Churn. */
  override async read(
    handle: number,
    range: { from: number; length: number },
    options: Options = {},
  ): Promise<readonly Uint8Array[]> {
    const { attributes, inode } = this.reading.recordOf(handle)
    const isWritten = this.#making.handles.find(handle) !== undefined
    if (this.reading.unsaved.isByHandle(inode, isWritten)) {
      return this.#files.read(handle, range, options)
    }
    if (attributes !== undefined && attributes.nlink > 0) {
      const isPast = isWritten && this.#files.isPastBlocks({ inode, attributes }, range.length)
      const slices = isPast ? undefined : await this.reading.readSteady(handle, range, options)
      return slices ?? (await this.#files.read(handle, range, options))
    }
    if (isWritten) return this.#files.read(handle, range, options)
    return (await this.#kept.read(inode, range)) ?? this.reading.read(handle, range, options)
  }

  override release(handle: number): void {
    const record = this.reading.recordOf(handle)
    this.reading.release(handle)
    this.#files.release(handle)
    this.#kept.released(record)
  }

  async write(
    handle: number,
    what: { readonly from: number | 'end'; readonly bytes: Uint8Array },
    options: ChangeOptions,
  ): Promise<Written> {
    this.#locks.check(handle)
    return this.#files.write(handle, what, options)
  }

  allocate(
    handle: number,
    range: { readonly from: number; readonly length: number; readonly how: Allocation },
    options: ChangeOptions,
  ): Promise<void> {
    return this.#files.allocate(handle, range, options)
  }

  copyRange(
    from: Place,
    to: Place,
    options: ChangeOptions & { readonly length: number },
  ): Promise<number> {
    return this.#files.copyRange(from, to, options)
  }

  seek(
    handle: number,
    from: number,
    options: Options & { readonly for: 'data' | 'hole' },
  ): Promise<number> {
    return this.#files.seek(handle, from, options)
  }

  /** What could not be put on the source is told here, to whoever asks at all. */
  flush(handle: number, { owner }: Options & { readonly owner: bigint }): Promise<void> {
    return this.#locks.closed(handle, owner)
  }

  sync(handle: number, options: Options & { readonly dataOnly: boolean }): Promise<void> {
    return this.#files.sync(handle, options)
  }

  async syncDirectory(handle: number, options: Options = {}): Promise<void> {
    const on = this.#making.on(this.reading.recordOf(handle).nodeid)
    const caller = { uid: 0, gid: 0, groups: [], umask: 0 }
    await this.#making.make({ type: 'sync-directory', on }, { ...options, caller })
  }

  lock(
    nodeid: Nodeid,
    range: LockRange,
    options: Options & { readonly wait: boolean },
  ): Promise<void> {
    return this.#locks.lock(nodeid, range, options)
  }

  conflictingLock(
    nodeid: Nodeid,
    range: LockRange,
    options?: Options,
  ): Promise<LockRange | undefined> {
    return this.#locks.conflicting(nodeid, range, options)
  }

  async #makeName(at: NewName, change: NameChange, options: ChangeOptions): Promise<Entry> {
    return this.#making.entry(at, await this.#making.make(change, options))
  }
}
