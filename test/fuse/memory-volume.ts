// A volume in memory for the tests of fuse/: a tree given as an object, which a test may change and
// whose answers it may hold back or let fail.
import { PotluckError } from '../../src/base/errors.ts'
import type { Attributes, FileType } from '../../src/ports/messages.ts'
import type { SourceUsage } from '../../src/ports/source.ts'
import type {
  Absent,
  DirectoryEntry,
  Entry,
  KernelInvalidation,
  OpenFile,
  Options,
  Volume,
} from '../../src/volume/volume.ts'

export type Tree = { readonly [name: string]: Node }
export type Node =
  | { readonly file: Uint8Array | string }
  | { readonly directory: Tree }
  | { readonly link: string }

export type MemoryInode = {
  readonly number: number
  attributes: Attributes
  content: Uint8Array
  target: string
  xattrs: Map<string, Uint8Array>
  children: Map<string, MemoryInode>
  parent: MemoryInode | undefined
}

const NO_BYTES = new Uint8Array()

export class MemoryVolume implements Volume {
  readonly name = 'test'
  readonly blockBytes = 1 << 20
  readonly root: MemoryInode
  readonly references = new Map<number, number>()
  readonly calls = new Map<string, number>()
  readonly openFiles = new Map<number, MemoryInode>()
  readonly openDirectories = new Map<number, readonly DirectoryEntry[]>()
  validMs = 3_600_000
  keepCache = true
  directIo = false
  /** Runs before each operation; may wait, or throw. */
  before: (operation: string, options: Options) => Promise<void> | void = () => undefined
  #inodes = new Map<number, MemoryInode>()
  #numbers = new Map<string, bigint>()
  #listeners = new Set<(invalidation: KernelInvalidation) => void>()
  #nextHandle = 1

  constructor(tree: Tree) {
    this.root = this.#make({ directory: tree }, undefined)
  }

  #make(node: Node, parent: MemoryInode | undefined): MemoryInode {
    const type: FileType = 'file' in node ? 'file' : 'link' in node ? 'symlink' : 'directory'
    const content = 'file' in node ? Buffer.from(node.file) : NO_BYTES
    const number = this.#inodes.size + 1
    const inode: MemoryInode = {
      number,
      attributes: attributesOf(number, type, content.length),
      content,
      target: 'link' in node ? node.link : '',
      xattrs: new Map(),
      children: new Map(),
      parent,
    }
    this.#inodes.set(number, inode)
    this.#numbers.set(inode.attributes.inode, BigInt(number + 1000))
    if ('directory' in node) {
      for (const [name, child] of Object.entries(node.directory)) {
        inode.children.set(name, this.#make(child, inode))
      }
    }
    return inode
  }

  /** Adds or replaces a name in a directory; tells nobody. */
  put(parent: MemoryInode, name: string, node: Node): MemoryInode {
    const inode = this.#make(node, parent)
    parent.children.set(name, inode)
    return inode
  }

  /** Changes a file's content and its mtime; tells nobody. */
  write(inode: MemoryInode, content: Uint8Array | string): void {
    inode.content = Buffer.from(content)
    const { attributes } = inode
    const size = inode.content.length
    inode.attributes = { ...attributes, size, mtimeSeconds: attributes.mtimeSeconds + 1 }
  }

  invalidate(invalidation: KernelInvalidation): void {
    for (const listener of this.#listeners) listener(invalidation)
  }

  find(...names: string[]): MemoryInode {
    let inode: MemoryInode = this.root
    for (const name of names) {
      const child = inode.children.get(name)
      if (child === undefined) throw new Error(`no ${name}`)
      inode = child
    }
    return inode
  }

  #begin(operation: string, options: Options = {}): Promise<void> | void {
    this.calls.set(operation, (this.calls.get(operation) ?? 0) + 1)
    return this.before(operation, options)
  }

  #inode(nodeid: number): MemoryInode {
    const inode = this.#inodes.get(nodeid)
    if (inode === undefined) throw new PotluckError('ESTALE', `no inode ${nodeid}`)
    return inode
  }

  #entry(inode: MemoryInode): Entry {
    this.references.set(inode.number, (this.references.get(inode.number) ?? 0) + 1)
    return { nodeid: inode.number, validMs: this.validMs, attributes: inode.attributes }
  }

  async lookup(parent: number, name: string, options?: Options): Promise<Entry | Absent> {
    await this.#begin('lookup', options)
    const child = this.#inode(parent).children.get(name)
    return child === undefined ? { nodeid: 0, validMs: this.validMs } : this.#entry(child)
  }

  async getattr(nodeid: number, options?: Options) {
    await this.#begin('getattr', options)
    return { attributes: this.#inode(nodeid).attributes, validMs: this.validMs }
  }

  async readlink(nodeid: number, options?: Options): Promise<string> {
    await this.#begin('readlink', options)
    return this.#inode(nodeid).target
  }

  async open(nodeid: number, options?: Options): Promise<OpenFile> {
    await this.#begin('open', options)
    const handle = this.#nextHandle++
    this.openFiles.set(handle, this.#inode(nodeid))
    return { handle, keepCache: this.keepCache, directIo: this.directIo }
  }

  async read(
    handle: number,
    { from, length }: { from: number; length: number },
    options?: Options,
  ): Promise<readonly Uint8Array[]> {
    await this.#begin('read', options)
    const inode = this.openFiles.get(handle)
    if (inode === undefined) throw new PotluckError('EBADF', `no handle ${handle}`)
    const end = Math.min(from + length, inode.content.length)
    const slices: Uint8Array[] = []
    for (let at = from; at < end;) {
      const next = Math.min(end, (Math.floor(at / this.blockBytes) + 1) * this.blockBytes)
      slices.push(inode.content.subarray(at, next))
      at = next
    }
    return slices
  }

  release(handle: number): void {
    this.openFiles.delete(handle)
  }

  async opendir(nodeid: number, options?: Options): Promise<number> {
    await this.#begin('opendir', options)
    const inode = this.#inode(nodeid)
    const all: [string, MemoryInode][] = [
      ['.', inode],
      ['..', inode.parent ?? inode],
      ...inode.children,
    ]
    const handle = this.#nextHandle++
    this.openDirectories.set(
      handle,
      all.map(([name, child], index) => ({
        name,
        attributes: child.attributes,
        nextOffset: index + 1,
      })),
    )
    return handle
  }

  readdir(handle: number, offset: number): readonly DirectoryEntry[] {
    void this.#begin('readdir')
    return this.openDirectories.get(handle)?.slice(offset) ?? []
  }

  reference(_handle: number, { attributes }: DirectoryEntry): Entry | undefined {
    if (attributes === undefined) return undefined
    return this.#entry(this.#inode(Number(attributes.inode)))
  }

  releasedir(handle: number): void {
    this.openDirectories.delete(handle)
  }

  async statfs(): Promise<SourceUsage> {
    await this.#begin('statfs')
    return {
      blockBytes: 4096,
      blocks: 1000,
      blocksFree: 600,
      blocksAvailable: 500,
      files: 100,
      filesFree: 50,
    }
  }

  async getxattr(nodeid: number, name: string, options?: Options): Promise<Uint8Array> {
    await this.#begin('getxattr', options)
    const value = this.#inode(nodeid).xattrs.get(name)
    if (value === undefined) throw new PotluckError('ENODATA', `no ${name}`)
    return value
  }

  async listxattr(nodeid: number, options?: Options): Promise<readonly string[]> {
    await this.#begin('listxattr', options)
    return [...this.#inode(nodeid).xattrs.keys()]
  }

  forget(nodeid: number, count: number): void {
    this.references.set(nodeid, (this.references.get(nodeid) ?? 0) - count)
  }

  inodeNumber(inode: string): bigint {
    return this.#numbers.get(inode) ?? 0n
  }

  subscribe(listener: (invalidation: KernelInvalidation) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

export function attributesOf(inode: number, type: FileType, size: number): Attributes {
  return {
    inode: String(inode),
    type,
    mode: type === 'directory' ? 0o755 : type === 'symlink' ? 0o777 : 0o644,
    nlink: 1,
    uid: 0,
    gid: 0,
    rdev: 0,
    size,
    blocks: Math.ceil(size / 512),
    atimeSeconds: 1_700_000_000,
    atimeNanos: 1,
    mtimeSeconds: 1_700_000_001,
    mtimeNanos: 123_456_789,
    ctimeSeconds: 1_700_000_002,
    ctimeNanos: 999_999_999,
  }
}
