// A volume in memory that counts what it hands out, for tests of everything above a volume.
import { PotluckError } from '../../../src/base/errors.ts'
import type { Attributes, FileType } from '../../../src/ports/messages.ts'
import type { DirectoryEntry, Entry, Volume } from '../../../src/volume/volume.ts'

export type FakeTree = { readonly [name: string]: string | FakeTree }

type FakeInode = { attributes: Attributes; children: Map<string, number>; bytes: Buffer }

/** A name in the tree that begins with '!' fails to read with EIO; `-> x` as text is a symlink. */
export class FakeVolume implements Volume {
  readonly name: string
  readonly blockBytes = 4096
  /** References the users of this volume still hold, by nodeid. */
  readonly references = new Map<number, number>()
  readonly #inodes: FakeInode[] = []
  readonly #handles = new Map<number, number>()
  #nextHandle = 1

  constructor(name: string, tree: FakeTree) {
    this.name = name
    this.#add(tree)
  }

  get openHandles(): number {
    return this.#handles.size
  }

  async lookup(parent: number, name: string): Promise<Entry | { nodeid: 0; validMs: number }> {
    const nodeid = this.#inode(parent).children.get(name)
    if (nodeid === undefined) return { nodeid: 0, validMs: 0 }
    this.references.set(nodeid, (this.references.get(nodeid) ?? 0) + 1)
    return { nodeid, attributes: this.#inode(nodeid).attributes, validMs: 0 }
  }

  async getattr(nodeid: number) {
    return { attributes: this.#inode(nodeid).attributes, validMs: 0 }
  }

  async readlink(nodeid: number): Promise<string> {
    return this.#inode(nodeid).bytes.toString('latin1')
  }

  async open(nodeid: number) {
    return { handle: this.#handle(nodeid), keepCache: true }
  }

  async read(handle: number, range: { from: number; length: number }) {
    const { bytes } = this.#inode(this.#handles.get(handle) ?? 0)
    const slice = bytes.subarray(range.from, range.from + range.length)
    if (bytes.includes('!')) throw new PotluckError('EIO', 'the source failed')
    return slice.length === 0 ? [] : [slice]
  }

  release(handle: number): void {
    this.#handles.delete(handle)
  }

  async opendir(nodeid: number): Promise<number> {
    const { type } = this.#inode(nodeid).attributes
    if (type !== 'directory') throw new PotluckError('ENOTDIR', 'no directory')
    return this.#handle(nodeid)
  }

  // Two entries a call, so that callers must go on.
  readdir(handle: number, offset: number): readonly DirectoryEntry[] {
    const nodeid = this.#handles.get(handle) ?? 0
    const own = this.#inode(nodeid).attributes
    const children = [...this.#inode(nodeid).children].map(
      ([name, child]) => [name, this.#inode(child).attributes] as const,
    )
    return [['.', own] as const, ['..', own] as const, ...children]
      .map(([name, attributes], index) => ({ name, attributes, nextOffset: index + 1 }))
      .slice(offset, offset + 2)
  }

  reference(): Entry {
    throw new Error('not used')
  }

  releasedir(handle: number): void {
    this.#handles.delete(handle)
  }

  async statfs() {
    const none = { blocks: 0, blocksFree: 0, blocksAvailable: 0, files: 0, filesFree: 0 }
    return { blockBytes: 4096, ...none }
  }

  async getxattr(): Promise<Uint8Array> {
    throw new PotluckError('ENODATA', 'none')
  }

  async listxattr() {
    return []
  }

  forget(nodeid: number, count: number): void {
    const left = (this.references.get(nodeid) ?? 0) - count
    if (left === 0) this.references.delete(nodeid)
    else this.references.set(nodeid, left)
  }

  inodeNumber(inode: string): bigint {
    return BigInt(inode)
  }

  subscribe() {
    return () => undefined
  }

  #inode(nodeid: number): FakeInode {
    const inode = this.#inodes[nodeid - 1]
    if (inode === undefined) throw new PotluckError('ESTALE', `no inode ${nodeid}`)
    return inode
  }

  #handle(nodeid: number): number {
    this.#handles.set(this.#nextHandle, nodeid)
    return this.#nextHandle++
  }

  #add(node: string | FakeTree): number {
    const isLink = typeof node === 'string' && node.startsWith('-> ')
    const type = typeof node === 'string' ? (isLink ? 'symlink' : 'file') : 'directory'
    const bytes = Buffer.from(typeof node === 'string' ? (isLink ? node.slice(3) : node) : '')
    const nodeid = this.#inodes.length + 1
    const inode = { attributes: attributes(nodeid, type, bytes.length), children: new Map(), bytes }
    this.#inodes.push(inode)
    if (typeof node === 'string') return nodeid
    for (const [name, child] of Object.entries(node)) inode.children.set(name, this.#add(child))
    return nodeid
  }
}

function attributes(nodeid: number, type: FileType, size: number): Attributes {
  const times = { atimeSeconds: 1, atimeNanos: 0, ctimeSeconds: 1, ctimeNanos: 0 }
  const owner = { uid: 0, gid: 0, rdev: 0, blocks: 8, nlink: 1 }
  const mtime = { mtimeSeconds: 1_700_000_000, mtimeNanos: 123_456_789 }
  return { inode: String(nodeid), type, mode: 0o755, size, ...times, ...owner, ...mtime }
}
