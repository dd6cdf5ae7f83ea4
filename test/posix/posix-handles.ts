// What the kernel holds of a POSIX tree, and what is done to open files and directories.
import type { Allocation, LockRange, OpenMode } from '../../src/ports/changes.ts'
import type {
  Changed,
  ChangeOptions,
  DirectoryEntry,
  Entry,
  OpenFile,
  Options,
  Written,
} from '../../src/volume/volume.ts'
import type { Instant, PosixInode } from './posix-inode.ts'
import { fail, PosixTree } from './posix-tree.ts'

const startedMs = Date.now()

function systemNow(): Instant {
  const ns = BigInt(startedMs) * 1_000_000n + BigInt(Math.round(performance.now() * 1e6))
  return { seconds: Number(ns / 1_000_000_000n), nanos: Number(ns % 1_000_000_000n) }
}

export class PosixHandles {
  readonly tree: PosixTree
  readonly blockBytes = 1 << 20
  readonly calls = new Map<string, number>()
  readonly references = new Map<number, number>()
  readonly #inodes = new Map<number, PosixInode>()
  readonly #files = new Map<number, PosixInode>()
  readonly #directories = new Map<number, readonly DirectoryEntry[]>()
  validMs = 3_600_000
  /** Runs before each operation; may wait, or throw. */
  before: (operation: string, options: Options) => Promise<void> | void = () => undefined
  #nextHandle = 1

  constructor(now: () => Instant = systemNow) {
    this.tree = new PosixTree(now)
    this.#inodes.set(this.tree.root.number, this.tree.root)
  }

  get openHandles(): number {
    return this.#files.size + this.#directories.size
  }

  get inodes(): number {
    return this.#inodes.size
  }

  protected begin(operation: string, options: Options = {}): Promise<void> | void {
    this.calls.set(operation, (this.calls.get(operation) ?? 0) + 1)
    return this.before(operation, options)
  }

  protected inode(nodeid: number): PosixInode {
    return this.#inodes.get(nodeid) ?? fail('ESTALE', `no inode ${nodeid}`)
  }

  protected changed(inode: PosixInode): Changed {
    return { attributes: inode.attributes(), validMs: this.validMs }
  }

  protected entry(inode: PosixInode): Entry {
    this.#inodes.set(inode.number, inode)
    this.references.set(inode.number, (this.references.get(inode.number) ?? 0) + 1)
    return { nodeid: inode.number, ...this.changed(inode) }
  }

  protected opened(inode: PosixInode): OpenFile {
    const handle = this.#nextHandle++
    inode.users++
    this.#files.set(handle, inode)
    return { handle, keepCache: true }
  }

  /** What nobody can reach any more is gone. */
  protected tidy(inode: PosixInode): void {
    if (inode.nlink > 0 || inode.users > 0 || (this.references.get(inode.number) ?? 0) > 0) return
    this.#inodes.delete(inode.number)
    this.references.delete(inode.number)
  }

  forget(nodeid: number, count: number): void {
    const left = (this.references.get(nodeid) ?? 0) - count
    this.references.set(nodeid, left)
    const inode = this.#inodes.get(nodeid)
    if (inode !== undefined) this.tidy(inode)
  }

  file(handle: number): PosixInode {
    return this.#files.get(handle) ?? fail('EBADF', `no handle ${handle}`)
  }

  async open(nodeid: number, options?: Options): Promise<OpenFile> {
    await this.begin('open', options)
    return this.opened(this.inode(nodeid))
  }

  async openWith(nodeid: number, how: OpenMode, options: ChangeOptions): Promise<OpenFile> {
    await this.begin('openWith', options)
    const inode = this.inode(nodeid)
    if (how.truncate) this.tree.setattr(inode, { size: 0 })
    return this.opened(inode)
  }

  release(handle: number): void {
    const inode = this.file(handle)
    this.#files.delete(handle)
    inode.users--
    this.tidy(inode)
  }

  async read(
    handle: number,
    { from, length }: { from: number; length: number },
    options?: Options,
  ): Promise<readonly Uint8Array[]> {
    await this.begin('read', options)
    return this.file(handle).content.read(from, length)
  }

  async write(
    handle: number,
    { from, bytes }: { readonly from: number | 'end'; readonly bytes: Uint8Array },
    options: ChangeOptions,
  ): Promise<Written> {
    await this.begin('write', options)
    const inode = this.file(handle)
    const start = from === 'end' ? inode.content.size : from
    this.tree.write(inode, start, bytes)
    return { from: start, length: bytes.length }
  }

  async allocate(
    handle: number,
    { from, length, how }: { from: number; length: number; how: Allocation },
    options: ChangeOptions,
  ): Promise<void> {
    await this.begin('allocate', options)
    const inode = this.file(handle)
    const { content } = inode
    const to = from + length
    if (how === 'punch-hole' || how.startsWith('zero')) content.zero(from, to)
    if (how !== 'punch-hole') content.allocate(from, to)
    const grows = (how === 'extend' || how === 'zero') && to > content.size
    this.tree.setattr(inode, grows ? { size: to } : { mtime: 'now' })
  }

  async copyRange(
    from: { readonly handle: number; readonly offset: number },
    to: { readonly handle: number; readonly offset: number },
    options: ChangeOptions & { readonly length: number },
  ): Promise<number> {
    await this.begin('copyRange', options)
    const bytes = Buffer.concat(this.file(from.handle).content.read(from.offset, options.length))
    this.tree.write(this.file(to.handle), to.offset, bytes)
    return bytes.length
  }

  async seek(
    handle: number,
    from: number,
    options: Options & { readonly for: 'data' | 'hole' },
  ): Promise<number> {
    await this.begin('seek', options)
    return this.file(handle).content.seek(from, options.for) ?? fail('ENXIO', 'behind the end')
  }

  async flush(handle: number, options: Options & { readonly owner: bigint }): Promise<void> {
    await this.begin('flush', options)
    this.file(handle).locks.drop(options.owner)
  }

  async sync(handle: number, options: Options): Promise<void> {
    await this.begin('sync', options)
    this.file(handle)
  }

  async syncDirectory(_handle: number, options?: Options): Promise<void> {
    await this.begin('syncDirectory', options)
  }

  async lock(
    nodeid: number,
    range: LockRange,
    options: Options & { readonly wait: boolean },
  ): Promise<void> {
    await this.begin('lock', options)
    await this.inode(nodeid).locks.lock(range, { wait: options.wait, signal: options.signal })
  }

  async conflictingLock(
    nodeid: number,
    range: LockRange,
    options?: Options,
  ): Promise<LockRange | undefined> {
    await this.begin('conflictingLock', options)
    return this.inode(nodeid).locks.conflicting(range)
  }

  async opendir(nodeid: number, options?: Options): Promise<number> {
    await this.begin('opendir', options)
    const inode = this.inode(nodeid)
    const all = [['.', inode], ['..', inode.parent ?? inode], ...inode.entries] as const
    const handle = this.#nextHandle++
    this.#directories.set(
      handle,
      all.map(([name, child], index) => {
        this.#inodes.set(child.number, child)
        return { name, attributes: child.attributes(), nextOffset: index + 1 }
      }),
    )
    return handle
  }

  readdir(handle: number, offset: number): readonly DirectoryEntry[] {
    return this.#directories.get(handle)?.slice(offset) ?? []
  }

  reference(_handle: number, { attributes }: DirectoryEntry): Entry | undefined {
    const inode = attributes && this.#known(Number(attributes.inode))
    return inode === undefined ? undefined : this.entry(inode)
  }

  #known(number: number): PosixInode | undefined {
    const inode = this.#inodes.get(number)
    return inode === undefined || inode.nlink === 0 ? undefined : inode
  }

  releasedir(handle: number): void {
    this.#directories.delete(handle)
  }
}
