// The volume that a mount sees of a POSIX tree in memory: nodeids, handles and references.
import type { AttributeChanges, NewName, Node, OpenMode } from '../../src/ports/changes.ts'
import type { Name } from '../../src/ports/messages.ts'
import type { SourceUsage } from '../../src/ports/source.ts'
import type {
  ChangeOptions,
  Entry,
  KernelInvalidation,
  Options,
  WritableVolume,
} from '../../src/volume/volume.ts'
import { PosixHandles } from './posix-handles.ts'
import type { PosixInode } from './posix-inode.ts'
import { type At, fail, type New } from './posix-tree.ts'

export class PosixVolume extends PosixHandles implements WritableVolume {
  readonly name = 'posix'
  readonly #listeners = new Set<(invalidation: KernelInvalidation) => void>()

  #at({ parent, name }: NewName): At {
    return { directory: this.inode(parent), name }
  }

  async lookup(parent: number, name: Name, options?: Options) {
    await this.begin('lookup', options)
    const inode = this.tree.find(this.#at({ parent, name }))
    return inode === undefined ? ({ nodeid: 0, validMs: this.validMs } as const) : this.entry(inode)
  }

  async getattr(nodeid: number, options?: Options) {
    await this.begin('getattr', options)
    return this.changed(this.inode(nodeid))
  }

  async readlink(nodeid: number, options?: Options): Promise<string> {
    await this.begin('readlink', options)
    return this.inode(nodeid).target
  }

  async setattr(nodeid: number, changes: AttributeChanges, options: ChangeOptions) {
    await this.begin('setattr', options)
    const inode = this.inode(nodeid)
    this.tree.setattr(inode, changes)
    return this.changed(inode)
  }

  async create(
    name: NewName,
    how: OpenMode & { readonly mode: number; readonly isExclusive: boolean },
    options: ChangeOptions,
  ) {
    await this.begin('create', options)
    const at = this.#at(name)
    const found = this.tree.find(at)
    if (found !== undefined && how.isExclusive) fail('EEXIST', `${name.name} is there`)
    if (found !== undefined && how.truncate) this.tree.setattr(found, { size: 0 })
    const inode =
      found ?? this.tree.create(at, { type: 'file', mode: how.mode, caller: options.caller })
    return { entry: this.entry(inode), file: this.opened(inode) }
  }

  async tmpfile(parent: number, how: OpenMode & { readonly mode: number }, options: ChangeOptions) {
    await this.begin('tmpfile', options)
    const init: New = { type: 'file', mode: how.mode, caller: options.caller }
    const inode = this.tree.make(this.inode(parent), init)
    return { entry: this.entry(inode), file: this.opened(inode) }
  }

  async #make(name: NewName, init: New, options: ChangeOptions): Promise<Entry> {
    await this.begin(`make ${init.type}`, options)
    return this.entry(this.tree.create(this.#at(name), init))
  }

  mknod(at: NewName, node: Node, options: ChangeOptions): Promise<Entry> {
    return this.#make(at, { ...node, caller: options.caller }, options)
  }

  mkdir(at: NewName, mode: number, options: ChangeOptions): Promise<Entry> {
    return this.#make(at, { type: 'directory', mode, caller: options.caller }, options)
  }

  symlink(at: NewName, target: string, options: ChangeOptions): Promise<Entry> {
    const { caller } = options
    return this.#make(at, { type: 'symlink', mode: 0o777, target, caller }, options)
  }

  async link(nodeid: number, at: NewName, options: ChangeOptions): Promise<Entry> {
    await this.begin('link', options)
    const inode = this.inode(nodeid)
    this.tree.link(inode, this.#at(at))
    return this.entry(inode)
  }

  async unlink(at: NewName, options: ChangeOptions): Promise<void> {
    await this.begin('unlink', options)
    this.tidy(this.tree.unlink(this.#at(at)))
  }

  async rmdir(at: NewName, options: ChangeOptions): Promise<void> {
    await this.begin('rmdir', options)
    this.tidy(this.tree.rmdir(this.#at(at)))
  }

  async rename(
    from: NewName,
    to: NewName,
    options: ChangeOptions & { readonly mode: 'replace' | 'no-replace' | 'exchange' },
  ): Promise<void> {
    await this.begin('rename', options)
    const replaced = this.tree.rename(this.#at(from), this.#at(to), options.mode)
    if (replaced !== undefined) this.tidy(replaced)
  }

  async getxattr(nodeid: number, name: Name, options?: Options): Promise<Uint8Array> {
    await this.begin('getxattr', options)
    return this.inode(nodeid).xattrs.get(name) ?? fail('ENODATA', `no ${name}`)
  }

  async listxattr(nodeid: number, options?: Options): Promise<readonly Name[]> {
    await this.begin('listxattr', options)
    return [...this.inode(nodeid).xattrs.keys()]
  }

  async setxattr(
    nodeid: number,
    { name, value, mode }: { name: Name; value: Uint8Array; mode: 'set' | 'create' | 'replace' },
    options: ChangeOptions,
  ): Promise<void> {
    await this.begin('setxattr', options)
    const { xattrs } = this.inode(nodeid)
    if (mode === 'create' && xattrs.has(name)) fail('EEXIST', `${name} is there`)
    if (mode === 'replace' && !xattrs.has(name)) fail('ENODATA', `no ${name}`)
    xattrs.set(name, value)
    this.#touch(nodeid)
  }

  async removexattr(nodeid: number, name: Name, options: ChangeOptions): Promise<void> {
    await this.begin('removexattr', options)
    if (!this.inode(nodeid).xattrs.delete(name)) fail('ENODATA', `no ${name}`)
    this.#touch(nodeid)
  }

  #touch(nodeid: number): void {
    this.tree.setattr(this.inode(nodeid), {})
  }

  async statfs(): Promise<SourceUsage> {
    const blocks = { blocks: 1 << 20, blocksFree: 1 << 19, blocksAvailable: 1 << 19 }
    return { blockBytes: 4096, ...blocks, files: 1 << 20, filesFree: 1 << 19 }
  }

  inodeNumber(inode: string): bigint {
    return BigInt(inode)
  }

  subscribe(listener: (invalidation: KernelInvalidation) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** As a change made elsewhere would. */
  tell(invalidation: KernelInvalidation): void {
    for (const listener of this.#listeners) listener(invalidation)
  }

  /** The inode at a path from the root. */
  at(path: string): PosixInode {
    let inode = this.tree.root
    for (const name of path.split('/').filter(Boolean)) {
      inode = this.tree.find({ directory: inode, name }) ?? fail('ENOENT', path)
    }
    return inode
  }
}
