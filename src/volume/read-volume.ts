// The read side of a volume, as a mount sees it: nodeids and handles over the tree and its files.
//
// Everything that waits for the mesh takes a signal; everything that is here already is answered from
// here. It must never give the kernel a validity longer than that of the page behind it.
import type { Inode, Name } from '../ports/messages.ts'
import type { SourceUsage } from '../ports/source.ts'
import { PotluckError } from '../base/errors.ts'
import { PassingMap } from '../base/passing-map.ts'
import { versionOf } from '../block/version.ts'
import { OpenFile, type FileInit } from '../file/open-file.ts'
import type { Uses } from '../heat/rates/uses.ts'
import type { Accesses } from './accesses.ts'
import type { InodeRecord } from '../tree/inode-record.ts'
import type { Tree } from '../tree/tree.ts'
import { DirectorySnapshot } from './directory-snapshot.ts'
import { KernelListeners } from './kernel-listeners.ts'
import type { Unsaved } from './unsaved.ts'
import { inodeNumber } from './inode-number.ts'
import type {
  Absent,
  Changed,
  DirectoryEntry,
  Entry,
  KernelInvalidation,
  KernelListener,
  Nodeid,
  OpenFile as OpenResult,
  Options,
  Volume,
} from './volume.ts'

/** Of a node that has no source. */
const NO_USAGE: SourceUsage = {
  blockBytes: 4096,
  blocks: 0,
  blocksFree: 0,
  blocksAvailable: 0,
  files: 0,
  filesFree: 0,
}

type Span = { readonly from: number; readonly length: number }

export type ReadVolumeInit = {
  readonly name: string
  readonly tree: Tree
  readonly file: FileInit
  /** What the source has not yet. */
  readonly unsaved: Unsaved
  /** Sees what programs use. */
  readonly watch: Accesses | undefined
  /** Counts them; absent where nothing is to be pinned. */
  readonly uses?: Uses | undefined
  readonly usage: ((options: Options) => Promise<SourceUsage>) | undefined
  readonly xattrs: (record: InodeRecord, options: Options) => Promise<ReadonlyMap<Name, Uint8Array>>
}

export class ReadVolume implements Volume {
  readonly name: string
  readonly blockBytes: number
  readonly isStrict: boolean = false
  readonly tree: Tree
  readonly unsaved: Unsaved
  /** Undefined where nobody counts them. */
  readonly uses: Uses | undefined
  readonly #init: ReadVolumeInit
  readonly #files = new PassingMap<number, OpenFile>()
  readonly #directories = new PassingMap<number, DirectorySnapshot>()
  readonly listeners = new KernelListeners()
  #nextHandle = 1

  constructor(init: ReadVolumeInit) {
    this.name = init.name
    this.blockBytes = init.file.blockBytes
    this.tree = init.tree
    this.unsaved = init.unsaved
    this.uses = init.uses
    this.#init = init
  }

  get openFiles(): number {
    return this.#files.size
  }

  get openDirectories(): number {
    return this.#directories.size
  }

  async lookup(parent: Nodeid, name: Name, options: Options = {}): Promise<Entry | Absent> {
    const directory = this.tree.record(parent)
    const here = this.tree.lookupHere(directory, name)
    const { record, stamp } = here ?? (await this.tree.lookup(directory, name, options))
    const validMs = stamp === 0 ? 0 : this.tree.freshness.validMs(stamp)
    this.#init.watch?.looked(
      options.pid,
      record === undefined ? { directory } : { directory, name },
    )
    if (record?.attributes === undefined) return { nodeid: 0, validMs }
    const { nodeid, inode } = record
    if (this.unsaved.isElsewhere(inode)) return { nodeid, ...(await this.getattr(nodeid, options)) }
    const attributes = this.unsaved.shown(record.attributes)
    const { uses } = this
    if (uses === undefined || attributes.type !== 'file') return { nodeid, attributes, validMs }
    return { nodeid, attributes, validMs: uses.looked(record, validMs) }
  }

  async getattr(nodeid: Nodeid, options: Options = {}): Promise<Changed> {
    const record = this.tree.record(nodeid)
    const recall = this.unsaved.recall(record.inode, options.signal)
    if (recall !== undefined) await recall
    const { attributes, stamp } = await this.tree.attributes(record, options)
    const validMs = this.tree.freshness.validMs(stamp)
    return { attributes: this.unsaved.shown(attributes), validMs }
  }

  async readlink(nodeid: Nodeid, options: Options = {}): Promise<string> {
    const record = this.tree.record(nodeid)
    await this.tree.attributes(record, options)
    const target = record.target ?? (await this.tree.entryOf(record, options)).target
    if (target === undefined) throw new PotluckError('EINVAL', 'not a symbolic link')
    return target
  }

  async open(nodeid: Nodeid, options: Options = {}): Promise<OpenResult> {
    const record = this.tree.record(nodeid)
    const recall = this.unsaved.recall(record.inode, options.signal)
    if (recall !== undefined) await recall
    const known = this.tree.attributesHere(record)
    const attributes = known ?? (await this.tree.attributes(record, options)).attributes
    if (attributes.type === 'directory') throw new PotluckError('EISDIR', 'this is a directory')
    const version = versionOf(attributes)
    const keepCache = record.keptVersion === version
    record.keptVersion = version
    const handle = this.#nextHandle++
    this.tree.inodes.opened(record)
    this.#files.set(handle, new OpenFile(this.#init.file, record, this.tree.inlineOf(record)))
    return { handle, keepCache }
  }

  /** @throws PotluckError EIO where the file changes too fast to be read */
  async read(handle: number, range: Span, options: Options = {}): Promise<readonly Uint8Array[]> {
    const read = this.readSteady(handle, range, options)
    const slices = read instanceof Promise ? await read : read
    if (slices !== undefined) return slices
    throw new PotluckError('EIO', `${this.recordOf(handle).path()} changes too fast to be read`)
  }

  /** At once what is here; undefined where it changes faster than its blocks can be brought. */
  readSteady(handle: number, range: Span, options: Options = {}): ReturnType<OpenFile['read']> {
    const file = this.#files.get(handle)
    if (file === undefined) throw new PotluckError('EBADF', `no file has the handle ${handle}`)
    const bytes = { from: range.from, to: range.from + range.length }
    this.#init.watch?.read(options.pid, file.record, bytes)
    this.uses?.read(file.record)
    const recall = this.unsaved.recall(file.record.inode, options.signal)
    if (recall === undefined) return file.read(range, options)
    return recall.then(() => file.read(range, options))
  }

  release(handle: number): void {
    const file = this.#files.get(handle)
    if (file === undefined) return
    this.#files.delete(handle)
    this.tree.inodes.closed(file.record)
  }

  async opendir(
    nodeid: Nodeid,
    options: Options & { readonly isWhole?: boolean } = {},
  ): Promise<number> {
    const record = this.tree.record(nodeid)
    this.#init.watch?.looked(options.pid, { directory: record })
    const snapshot = await DirectorySnapshot.take(this.tree, record, options)
    const handle = this.#nextHandle++
    this.tree.inodes.opened(record)
    this.#directories.set(handle, snapshot)
    return handle
  }

  readdir(handle: number, offset: number): readonly DirectoryEntry[] {
    return this.#snapshot(handle)
      .from(offset)
      .map((entry) => this.unsaved.listed(entry))
  }

  reference(handle: number, entry: DirectoryEntry): Entry | undefined {
    const { attributes } = entry
    if (attributes === undefined) return undefined
    const { record, validMs } = this.#snapshot(handle).refer(this.tree, entry)
    const { nodeid } = record
    const now = this.unsaved.shown(record.attributes ?? attributes)
    if (this.unsaved.isElsewhere(record.inode)) return { nodeid, attributes: now, validMs: 0 }
    const { uses } = this
    if (uses === undefined || now.type !== 'file') return { nodeid, attributes: now, validMs }
    return { nodeid, attributes: now, validMs: uses.listedMs(validMs) }
  }

  releasedir(handle: number): void {
    const snapshot = this.#directories.get(handle)
    if (snapshot === undefined) return
    this.#directories.delete(handle)
    this.tree.inodes.closed(snapshot.directory)
  }

  async statfs(options: Options = {}): Promise<SourceUsage> {
    return this.#init.usage === undefined ? NO_USAGE : this.#init.usage(options)
  }

  async getxattr(nodeid: Nodeid, name: Name, options: Options = {}): Promise<Uint8Array> {
    const value = (await this.#init.xattrs(this.tree.record(nodeid), options)).get(name)
    if (value === undefined) throw new PotluckError('ENODATA', 'no such extended attribute')
    return value
  }

  async listxattr(nodeid: Nodeid, options: Options = {}): Promise<readonly Name[]> {
    return [...(await this.#init.xattrs(this.tree.record(nodeid), options)).keys()]
  }

  forget(nodeid: Nodeid, count: number): void {
    this.tree.inodes.forget(nodeid, count)
  }

  inodeNumber(inode: Inode): bigint {
    return inodeNumber(inode)
  }

  subscribe(listener: KernelListener): () => void {
    return this.listeners.add(listener)
  }

  /** Passes on to the mounts what the tree found out. */
  tellKernel(invalidation: KernelInvalidation): void {
    void this.listeners.tell(invalidation)
  }

  /** What is open. @throws PotluckError EBADF */
  recordOf(handle: number): InodeRecord {
    const record = this.#files.get(handle)?.record ?? this.#directories.get(handle)?.directory
    if (record === undefined) throw new PotluckError('EBADF', `nothing has the handle ${handle}`)
    return record
  }

  #snapshot(handle: number): DirectorySnapshot {
    const snapshot = this.#directories.get(handle)
    if (snapshot === undefined)
      throw new PotluckError('EBADF', `no directory has the handle ${handle}`)
    return snapshot
  }
}
