// What the kernel knows of a volume: inodes by nodeid, and the names by which it reached them.
//
// The kernel counts its references, we count along; an inode leaves when the kernel has forgotten it,
// no file of it is open, and nothing below it is known. A nodeid is never used twice, so no answer
// can be taken for another inode's.
import assert from 'node:assert/strict'
import type { Attributes, Inode, Name, Path, Stamp } from '../ports/messages.ts'

export const ROOT_NODEID = 1

export type Link = { readonly parent: InodeRecord; readonly name: Name }

const NO_LINKS: readonly Link[] = []

/** What a directory has besides. */
type Names = {
  readonly children: Map<Name, InodeRecord>
  readonly absent: Set<Name>
  readonly pageStamps: Map<number, Stamp>
  suspectedMs: number
}

export class InodeRecord {
  readonly nodeid: number
  readonly inode: Inode
  /** Every way by which the kernel knows it, the newest last; empty for the root. */
  links: readonly Link[] = NO_LINKS
  attributes: Attributes | undefined
  /** How fresh the attributes are. */
  stamp: Stamp = 0
  /** The target of a symbolic link, as of `stamp`. */
  target: string | undefined
  lookups = 0
  opens = 0
  /** The version whose pages the kernel may hold; 0 for none. */
  keptVersion = 0
  /** Made when first asked for: most inodes are files, and a kernel may know millions. */
  #names: Names | undefined

  constructor(nodeid: number, inode: Inode) {
    this.nodeid = nodeid
    this.inode = inode
  }

  /** Names in this directory that the kernel knows. */
  get children(): Map<Name, InodeRecord> {
    return this.#asDirectory().children
  }

  /** Names that it knows to be absent. */
  get absent(): Set<Name> {
    return this.#asDirectory().absent
  }

  /** The stamp of each page that the names above were last compared with, by part. */
  get pageStamps(): Map<number, Stamp> {
    return this.#asDirectory().pageStamps
  }

  /** When something was last found missing on the source that this directory's page has. */
  get suspectedMs(): number {
    return this.#names?.suspectedMs ?? -Infinity
  }

  set suspectedMs(ms: number) {
    this.#asDirectory().suspectedMs = ms
  }

  get hasChildren(): boolean {
    return this.#names !== undefined && this.#names.children.size > 0
  }

  get isDirectory(): boolean {
    return this.attributes?.type === 'directory'
  }

  /** Outside any table: a place on a path that the kernel did not ask about. */
  static detached(inode: Inode, link: Link, attributes: Attributes): InodeRecord {
    const record = new InodeRecord(0, inode)
    record.links = [link]
    record.attributes = attributes
    return record
  }

  /** Takes in attributes, unless newer ones are known. */
  learn(
    entry: { readonly attributes: Attributes; readonly target?: string | undefined },
    stamp: Stamp,
  ): void {
    if (stamp < this.stamp) return
    this.attributes = entry.attributes
    this.target = entry.target
    this.stamp = stamp
  }

  /** Where the source has it, by the newest name. */
  path(): Path {
    const names: Name[] = []
    let link = this.links.at(-1)
    while (link !== undefined) {
      names.push(link.name)
      link = link.parent.links.at(-1)
    }
    return names.reverse().join('/')
  }

  #asDirectory(): Names {
    this.#names ??= {
      children: new Map(),
      absent: new Set(),
      pageStamps: new Map(),
      suspectedMs: -Infinity,
    }
    return this.#names
  }
}

export class InodeTable {
  readonly root: InodeRecord
  readonly #byNodeid = new Map<number, InodeRecord>()
  readonly #byInode = new Map<Inode, InodeRecord>()
  #nextNodeid = ROOT_NODEID + 1

  constructor(rootInode: Inode) {
    this.root = new InodeRecord(ROOT_NODEID, rootInode)
    this.root.lookups = 1
    this.#insert(this.root)
  }

  get size(): number {
    return this.#byNodeid.size
  }

  byNodeid(nodeid: number): InodeRecord | undefined {
    return this.#byNodeid.get(nodeid)
  }

  byInode(inode: Inode): InodeRecord | undefined {
    return this.#byInode.get(inode)
  }

  records(): IterableIterator<InodeRecord> {
    return this.#byNodeid.values()
  }

  /** The inode behind a name, with one more reference of the kernel. */
  refer(parent: InodeRecord, name: Name, inode: Inode): InodeRecord {
    const record = this.#byInode.get(inode) ?? this.#create(inode)
    const former = parent.children.get(name)
    if (former !== undefined && former !== record) this.unlink(parent, name)
    parent.absent.delete(name)
    parent.children.set(name, record)
    addLink(record, { parent, name })
    record.lookups += 1
    return record
  }

  /** An inode that no name leads to, with one more reference of the kernel. */
  referNameless(inode: Inode): InodeRecord {
    const record = this.#byInode.get(inode) ?? this.#create(inode)
    record.lookups += 1
    return record
  }

  /** The name leads to this inode now, and the kernel either knows or has been told. */
  moved(parent: InodeRecord, name: Name, record: InodeRecord): void {
    if (parent.children.get(name) === record) return
    this.unlink(parent, name)
    parent.absent.delete(name)
    parent.children.set(name, record)
    // Of a name that led to it before, the hint that `unlink` left is of no use any more.
    record.links = record.links.filter((link) => link.parent.children.get(link.name) === record)
    addLink(record, { parent, name })
  }

  /** The name no longer leads to the inode that the kernel knew there. */
  unlink(parent: InodeRecord, name: Name): void {
    const record = parent.children.get(name)
    if (record === undefined) return
    parent.children.delete(name)
    // The last link stays as a hint of where to look, and to find the parent again.
    if (record.links.length > 1) dropLink(record, { parent, name })
    this.#leaveIfUnused(record)
  }

  forget(nodeid: number, count: number): void {
    const record = this.#byNodeid.get(nodeid)
    if (record === undefined || record === this.root) return
    record.lookups = Math.max(0, record.lookups - count)
    this.#leaveIfUnused(record)
  }

  opened(record: InodeRecord): void {
    record.opens += 1
  }

  closed(record: InodeRecord): void {
    assert(record.opens > 0)
    record.opens -= 1
    this.#leaveIfUnused(record)
  }

  #create(inode: Inode): InodeRecord {
    const record = new InodeRecord(this.#nextNodeid, inode)
    this.#nextNodeid += 1
    this.#insert(record)
    return record
  }

  #insert(record: InodeRecord): void {
    this.#byNodeid.set(record.nodeid, record)
    this.#byInode.set(record.inode, record)
  }

  #leaveIfUnused(record: InodeRecord): void {
    const isUsed = record.lookups > 0 || record.opens > 0 || record.hasChildren
    if (isUsed || record === this.root) return
    this.#byNodeid.delete(record.nodeid)
    this.#byInode.delete(record.inode)
    const { links } = record
    record.links = NO_LINKS
    for (const { parent, name } of links) {
      if (parent.children.get(name) !== record) continue
      parent.children.delete(name)
      this.#leaveIfUnused(parent)
    }
  }
}

function addLink(record: InodeRecord, link: Link): void {
  const last = record.links.at(-1)
  if (last !== undefined && isSameLink(last, link)) return
  // A new array each time, and made as a whole: one that grew by pushing, or by spreading, has room
  // for sixteen more, and most inodes have but one link for ever.
  const others = record.links.filter((known) => !isSameLink(known, link))
  record.links = others.length === 0 ? [link] : others.concat(link)
}

function dropLink(record: InodeRecord, link: Link): void {
  record.links = record.links.filter((known) => !isSameLink(known, link))
}

function isSameLink(a: Link, b: Link): boolean {
  return a.parent === b.parent && a.name === b.name
}
