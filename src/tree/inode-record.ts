// One inode as the kernel knows it. A kernel may know millions, so a record has room for just what nearly
// all of them have: one name, no children.
import { type ChangeTime, compareChanged, isBehind } from '../block/order.ts'
import type { Attributes, Inode, Name, Path, Stamp } from '../ports/messages.ts'

/** No path that a source takes has more names (16 KiB from the root). */
const DEPTH_MAX = 8_192

export type Link = { readonly parent: InodeRecord; readonly name: Name }

/** What a directory has besides; each part made when first needed. */
type Names = {
  children: Map<Name, InodeRecord> | undefined
  absent: Set<Name> | undefined
  pages: PagesSeen | undefined
  suspectedMs: number
}

/** The newest pages of a directory that were used: what is older must not be used any more. */
export type PagesSeen = {
  /** Of the head page, which is all of most directories. */
  headStamp: Stamp
  partStamps: Map<number, Stamp> | undefined
  /** The latest ctime that they had of the directory. */
  changed: ChangeTime
}

const NO_CHILDREN: ReadonlyMap<Name, InodeRecord> = new Map()
const NO_NAMES: ReadonlySet<Name> = new Set()

export class InodeRecord {
  readonly nodeid: number
  readonly inode: Inode
  /** The newest way by which the kernel knows it; undefined for the root. */
  parent: InodeRecord | undefined = undefined
  /** Its name there. */
  name: Name = ''
  /** The older ways. */
  #others: readonly Link[] | undefined = undefined
  attributes: Attributes | undefined = undefined
  /** How fresh the attributes are. */
  stamp: Stamp = 0
  /** The target of a symbolic link, as of `stamp`. */
  target: string | undefined = undefined
  lookups = 0
  opens = 0
  /** The version whose pages the kernel may hold; 0 for none. */
  keptVersion = 0
  #names: Names | undefined = undefined

  constructor(nodeid: number, inode: Inode) {
    this.nodeid = nodeid
    this.inode = inode
  }

  /** Outside any table: a place on a path that the kernel did not ask about. */
  static detached(inode: Inode, link: Link, attributes: Attributes): InodeRecord {
    const record = new InodeRecord(0, inode)
    record.links = [link]
    record.attributes = attributes
    return record
  }

  /** A place of one's own: the kernel may forget the record meanwhile, and that knows no path then. */
  static copyOf(record: InodeRecord): InodeRecord {
    const copy = new InodeRecord(0, record.inode)
    let [below, above] = [copy, record]
    for (let depth = 0; above.parent !== undefined && depth < DEPTH_MAX; depth++) {
      const parent = new InodeRecord(0, above.parent.inode)
      below.attributes = above.attributes
      below.parent = parent
      below.name = above.name
      ;[below, above] = [parent, above.parent]
    }
    below.attributes = above.attributes
    return copy
  }

  /** Every way by which the kernel knows it, the newest last; empty for the root. */
  get links(): readonly Link[] {
    const { parent, name } = this
    if (parent === undefined) return []
    return this.#others === undefined ? [{ parent, name }] : [...this.#others, { parent, name }]
  }

  set links(links: readonly Link[]) {
    const last = links.at(-1)
    this.parent = last?.parent
    this.name = last?.name ?? ''
    this.#others = links.length > 1 ? links.slice(0, -1) : undefined
  }

  /** Names in this directory that the kernel knows. */
  get children(): ReadonlyMap<Name, InodeRecord> {
    return this.#names?.children ?? NO_CHILDREN
  }

  /** Names that it knows to be absent. */
  get absent(): ReadonlySet<Name> {
    return this.#names?.absent ?? NO_NAMES
  }

  /** When something was last found missing on the source that this directory's page has. */
  get suspectedMs(): number {
    return this.#names?.suspectedMs ?? -Infinity
  }

  set suspectedMs(ms: number) {
    this.#names ??= noNames()
    this.#names.suspectedMs = ms
  }

  get isDirectory(): boolean {
    return this.attributes?.type === 'directory'
  }

  /** The kernel knows a name here, present and leading to the child. */
  addChild(name: Name, child: InodeRecord): void {
    const names = (this.#names ??= noNames())
    names.absent?.delete(name)
    names.children ??= new Map()
    names.children.set(name, child)
  }

  dropChild(name: Name): void {
    this.#names?.children?.delete(name)
  }

  /** The kernel knows a name here to be absent. */
  addAbsent(name: Name): void {
    const names = (this.#names ??= noNames())
    names.absent ??= new Set()
    names.absent.add(name)
  }

  dropAbsent(name: Name): void {
    this.#names?.absent?.delete(name)
  }

  dropAllAbsent(): void {
    if (this.#names !== undefined) this.#names.absent = undefined
  }

  get pagesSeen(): PagesSeen | undefined {
    return this.#names?.pages
  }

  set pagesSeen(pages: PagesSeen | undefined) {
    if (pages === undefined) return
    this.#names ??= noNames()
    this.#names.pages = pages
  }

  /** The stamp of a page that the names above were last compared with; 0 where none was. */
  pageStamp(part: number): Stamp {
    const pages = this.#names?.pages
    return (part === 0 ? pages?.headStamp : pages?.partStamps?.get(part)) ?? 0
  }

  /** @param changed the directory's own ctime in that page */
  setPageStamp(part: number, stamp: Stamp, changed: ChangeTime): void {
    const names = (this.#names ??= noNames())
    const pages = (names.pages ??= { headStamp: 0, partStamps: undefined, changed })
    if (compareChanged(pages.changed, changed) < 0) pages.changed = changed
    if (part === 0) pages.headStamp = stamp
    else (pages.partStamps ??= new Map()).set(part, stamp)
  }

  /** The newest of all its pages'. */
  get newestPageStamp(): Stamp {
    return Math.max(this.pageStamp(0), ...(this.#names?.pages?.partStamps?.values() ?? []))
  }

  /** Takes in attributes, unless newer ones are known. */
  learn(
    entry: { readonly attributes: Attributes; readonly target?: string | undefined },
    stamp: Stamp,
  ): void {
    const { attributes: changed, stamp: seen } = this
    if (stamp < seen) return
    const { attributes } = entry
    if (changed !== undefined && isBehind({ attributes, stamp }, { changed, stamp: seen })) return
    this.attributes = attributes
    this.target = entry.target
    this.stamp = stamp
  }

  /** Where the source has it, by the newest name. */
  path(): Path {
    let { parent, name: path } = this
    // Heard of in the wrong order, moves of directories may for a while make one its own ancestor.
    for (let depth = 0; parent?.parent !== undefined && depth < DEPTH_MAX; depth++) {
      path = `${parent.name}/${path}`
      parent = parent.parent
    }
    return path
  }
}

function noNames(): Names {
  return {
    children: undefined,
    absent: undefined,
    pages: undefined,
    suspectedMs: -Infinity,
  }
}
