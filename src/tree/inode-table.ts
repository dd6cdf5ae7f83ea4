// What the kernel knows of a volume: inodes by nodeid, and the names by which it reached them.
//
// The kernel counts its references, we count along; an inode leaves when the kernel has forgotten it,
// no file of it is open, and nothing below it is known. A nodeid is never used twice, so no answer
// can be taken for another inode's.
import assert from 'node:assert/strict'
import type { Inode, Name, Path } from '../ports/messages.ts'
import { InodeRecord, type Link, type PagesSeen } from './inode-record.ts'

export const ROOT_NODEID = 1

/** Of so many directories that the kernel has forgotten it is known which pages were used. */
const LEFT_MAX = 16_384

export class InodeTable {
  readonly root: InodeRecord
  readonly #byNodeid = new Map<number, InodeRecord>()
  readonly #byInode = new Map<Inode, InodeRecord>()
  /** The one left last is the last. Nobody goes back in time because a kernel is short of memory. */
  readonly #left = new Map<Inode, PagesSeen>()
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

  /** Where an inode is now, if that is known here. */
  pathOf(inode: Inode): Path | undefined {
    const record = this.byInode(inode)
    return record?.attributes?.nlink === 0 ? undefined : record?.path()
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
    parent.addChild(name, record)
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
    parent.addChild(name, record)
    // Of a name that led to it before, the hint that `unlink` left is of no use any more.
    record.links = record.links.filter((link) => link.parent.children.get(link.name) === record)
    addLink(record, { parent, name })
  }

  /** The name no longer leads to the inode that the kernel knew there. */
  unlink(parent: InodeRecord, name: Name): void {
    const record = parent.children.get(name)
    if (record === undefined) return
    parent.dropChild(name)
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
    record.pagesSeen = this.#left.get(inode)
    this.#left.delete(inode)
    this.#nextNodeid += 1
    this.#insert(record)
    return record
  }

  #insert(record: InodeRecord): void {
    this.#byNodeid.set(record.nodeid, record)
    this.#byInode.set(record.inode, record)
  }

  #leaveIfUnused(record: InodeRecord): void {
    const isUsed = record.lookups > 0 || record.opens > 0 || record.children.size > 0
    if (isUsed || record === this.root) return
    this.#byNodeid.delete(record.nodeid)
    this.#byInode.delete(record.inode)
    this.#noteLeft(record)
    const { links } = record
    record.links = []
    for (const { parent, name } of links) {
      if (parent.children.get(name) !== record) continue
      parent.dropChild(name)
      this.#leaveIfUnused(parent)
    }
  }

  #noteLeft({ inode, pagesSeen }: InodeRecord): void {
    if (pagesSeen === undefined) return
    this.#left.set(inode, pagesSeen)
    const [oldest] = this.#left.keys()
    if (this.#left.size > LEFT_MAX && oldest !== undefined) this.#left.delete(oldest)
  }
}

function addLink(record: InodeRecord, link: Link): void {
  if (record.parent === link.parent && record.name === link.name) return
  record.links = record.links.filter((known) => !isSameLink(known, link)).concat(link)
}

function dropLink(record: InodeRecord, link: Link): void {
  record.links = record.links.filter((known) => !isSameLink(known, link))
}

function isSameLink(a: Link, b: Link): boolean {
  return a.parent === b.parent && a.name === b.name
}
