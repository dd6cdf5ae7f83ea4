// Names to inodes, by directory pages; absent names as surely as present ones.
//
// Freshness is decided here, once, for every operation: a page is good if it is not older than the floor
// of its directory (for the names), the floor of the child (for its attributes), and one
// revalidation period. What the kernel was told lives no longer than the page it came from, and
// whenever a newer page shows that the kernel believes something else, the kernel is told.
import type { Clock } from '../ports/clock.ts'
import type { Attributes, Inode, Invalidation, Name, Stamp, Want } from '../ports/messages.ts'
import { codeOf, PotluckError } from '../base/errors.ts'
import type { Counters } from '../base/counters.ts'
import { ROOT_INODE } from '../block/key.ts'
import { msOf, stampAt, type HybridClock } from '../block/stamp.ts'
import { areAttributesEqual, isSameContent } from '../block/version.ts'
import { EVERYTHING, type Floors } from '../rumor/floors.ts'
import { isName, Page, type PageEntry, partOf } from '../wire/page.ts'
import { InodeTable, type InodeRecord } from './inode-table.ts'
import { diffForKernel } from './page-diff.ts'

/** Absent names remembered per directory on the kernel's behalf; past it they are told no TTL. */
const ABSENT_MAX = 16_384
/** No file larger than this can be in a page, so none is looked for. */
const INLINE_LOOK_MAX = 256 * 1024
/** A page may be overtaken while it is under way; more often than this is a moving target. */
const PAGE_TRIES = 4
/** However often something is missing, its directory is looked at again only once in this time. */
const SUSPECT_EVERY_MS = 1000
/** What "for ever" means to the kernel: static volumes are never checked again. */
const STATIC_VALID_MS = 30 * 24 * 3_600_000

export type Options = { readonly signal?: AbortSignal | undefined }

export type KernelChange =
  | { readonly type: 'inode'; readonly nodeid: number; readonly data: boolean }
  | { readonly type: 'entry'; readonly parent: number; readonly name: Name }
  | { readonly type: 'everything' }

export type TreeInit = {
  readonly volume: string
  readonly clock: Clock
  readonly floors: Floors
  readonly stamps: HybridClock
  readonly counters: Counters
  /** Infinity where the volume is static. */
  readonly revalidateMs: number
  readonly bring: (want: Want, options: Options) => Promise<{ bytes: Uint8Array; stamp: Stamp }>
  /** The bytes of a block that is here already. */
  readonly peek: (want: Want) => Uint8Array | undefined
  readonly tellKernel: (change: KernelChange) => void
}

/** `part`: 0 for the head page, 1 to `splits` for the parts of a large directory. */
export type FoundPage = { readonly page: Page; readonly stamp: Stamp; readonly part: number }

export class Tree {
  readonly inodes = new InodeTable(ROOT_INODE)
  readonly #init: TreeInit

  constructor(init: TreeInit) {
    this.#init = init
  }

  /** @throws PotluckError ESTALE for a nodeid that was forgotten */
  record(nodeid: number): InodeRecord {
    const record = this.inodes.byNodeid(nodeid)
    if (record === undefined) throw new PotluckError('ESTALE', `no inode has the nodeid ${nodeid}`)
    return record
  }

  /** For how long the kernel may believe something of this stamp. */
  validMs(stamp: Stamp): number {
    const { revalidateMs, clock } = this.#init
    if (revalidateMs === Infinity) return STATIC_VALID_MS
    return Math.max(0, msOf(stamp) + revalidateMs - clock.now())
  }

  /** A stamp older than this is too old for the inode. */
  floor(inode: Inode): Stamp {
    const { floors, volume, revalidateMs, clock } = this.#init
    const told = floors.floor(volume, inode)
    if (revalidateMs === Infinity) return told
    return Math.max(told, stampAt(clock.now() - revalidateMs))
  }

  /** A name in a directory; an absent one gives no entry, but the page's stamp all the same. */
  async find(
    directory: InodeRecord,
    name: Name,
    options: Options = {},
  ): Promise<{ readonly entry: PageEntry | undefined; readonly stamp: Stamp }> {
    if (name.length > 255) throw new PotluckError('ENAMETOOLONG', 'a name has over 255 bytes')
    if (!isName(name)) throw new PotluckError('EINVAL', 'this can not be a name')
    const first = await this.pageFor(directory, name, options)
    const entry = first.page.find(name)
    if (entry === undefined) return { entry, stamp: first.stamp }
    const childFloor = this.floor(entry.attributes.inode)
    if (first.stamp >= childFloor) return { entry, stamp: first.stamp }
    const second = await this.pageFor(directory, name, { ...options, floor: childFloor })
    return { entry: second.page.find(name), stamp: second.stamp }
  }

  /** `find`, and a reference of the kernel to what was found; undefined for an absent name. */
  async lookup(
    parent: InodeRecord,
    name: Name,
    options: Options = {},
  ): Promise<{ readonly record: InodeRecord | undefined; readonly stamp: Stamp }> {
    const { entry, stamp } = await this.find(parent, name, options)
    if (entry !== undefined) return { record: this.refer(parent, entry, stamp), stamp }
    if (parent.absent.size < ABSENT_MAX) parent.absent.add(name)
    return { record: undefined, stamp: parent.absent.has(name) ? stamp : 0 }
  }

  /** Takes a reference of the kernel to an entry of a page. */
  refer(parent: InodeRecord, entry: PageEntry, stamp: Stamp): InodeRecord {
    const record = this.inodes.refer(parent, entry.name, entry.attributes.inode)
    this.learn(record, entry, stamp)
    return record
  }

  /** Fresh attributes of an inode. @throws PotluckError ESTALE where its name is gone */
  async attributes(
    record: InodeRecord,
    options: Options = {},
  ): Promise<{ readonly attributes: Attributes; readonly stamp: Stamp }> {
    const known = record.attributes
    if (known !== undefined && record.stamp >= this.floor(record.inode)) {
      return { attributes: known, stamp: record.stamp }
    }
    const { attributes } = await this.entryOf(record, options)
    return { attributes, stamp: record.stamp }
  }

  /** The fresh entry of an inode in its directory's page (for the root, of itself). */
  async entryOf(record: InodeRecord, options: Options = {}): Promise<PageEntry> {
    const link = record.links.at(-1)
    if (link === undefined) {
      const { page, stamp } = await this.page(record, { index: 0, splits: 0 }, options)
      const entry: PageEntry = { name: '', attributes: page.self }
      this.learn(record, entry, stamp)
      return entry
    }
    const { entry, stamp } = await this.find(link.parent, link.name, options)
    if (entry === undefined || entry.attributes.inode !== record.inode) {
      throw new PotluckError('ESTALE', `${record.path()} is no longer what it was`)
    }
    this.learn(record, entry, stamp)
    return entry
  }

  /** Takes in attributes, unless newer ones are known. */
  learn(record: InodeRecord, entry: Omit<PageEntry, 'name' | 'inline'>, stamp: Stamp): void {
    if (stamp < record.stamp) return
    record.attributes = entry.attributes
    record.target = entry.target
    record.stamp = stamp
  }

  /** The source, asked for bytes, answered that the file is another one by now. */
  changed(record: InodeRecord, attributes: Attributes, stamp: Stamp): void {
    const { volume, floors, tellKernel } = this.#init
    floors.raise({ volume, inode: record.inode, stamp })
    this.learn(record, { attributes, target: undefined }, stamp)
    if (record.nodeid !== 0) tellKernel({ type: 'inode', nodeid: record.nodeid, data: true })
  }

  /** The whole file, where it came with its directory's page and that page is still here. */
  inlineOf(record: InodeRecord): Uint8Array | undefined {
    const link = record.links.at(-1)
    const { attributes } = record
    if (link === undefined || attributes === undefined || attributes.size > INLINE_LOOK_MAX) {
      return undefined
    }
    const entry = this.#pageHere(link.parent, link.name)?.find(link.name)
    if (entry?.attributes.inode !== record.inode) return undefined
    return isSameContent(entry.attributes, attributes) ? entry.inline : undefined
  }

  /** The page of a directory that holds, or would hold, a name. */
  async pageFor(
    directory: InodeRecord,
    name: Name,
    options: Options & { readonly floor?: Stamp } = {},
  ): Promise<FoundPage> {
    const head = await this.page(directory, { index: 0, splits: 0 }, options)
    const { splits } = head.page
    if (splits === 0) return head
    return this.page(directory, { index: partOf(name, splits), splits }, options)
  }

  /** One page of a directory. @throws PotluckError what reading it failed with */
  async page(
    directory: InodeRecord,
    part: { readonly index: number; readonly splits: number },
    options: Options & { readonly floor?: Stamp } = {},
  ): Promise<FoundPage> {
    const { volume, bring } = this.#init
    for (let tries = 1; tries <= PAGE_TRIES; tries++) {
      const floor = Math.max(this.floor(directory.inode), this.#newest(directory, part.index))
      const want = pageWant(volume, directory, {
        ...part,
        floor: Math.max(floor, options.floor ?? 0),
      })
      const { bytes, stamp } = await bring(want, options).catch((error: unknown) => {
        this.suspect(directory, error)
        throw error
      })
      // A change that was told meanwhile, or a newer page that was seen, must not be undone.
      if (stamp < this.#newest(directory, part.index)) continue
      const found = { page: new Page(bytes), stamp, part: part.index }
      this.#compare(directory, found)
      return found
    }
    throw new PotluckError('EIO', `${directory.path()} changes too fast to be read`)
  }

  /** Whether nothing newer is known than an entry of a page: only then may the kernel keep it. */
  isNewest(directory: InodeRecord, inode: Inode, found: FoundPage): boolean {
    const { floors, volume } = this.#init
    const told = floors.floor(volume, inode)
    return found.stamp >= Math.max(told, this.#newest(directory, found.part))
  }

  /** What a page of this directory must not be older than, whatever its age. */
  #newest(directory: InodeRecord, part: number): Stamp {
    const { floors, volume } = this.#init
    return Math.max(floors.floor(volume, directory.inode), directory.pageStamps.get(part) ?? 0)
  }

  /** Told of a change by a rumor or by this node itself; the floor is already raised. */
  invalidated(invalidation: Invalidation): void {
    if (invalidation.inode === EVERYTHING) {
      this.#init.tellKernel({ type: 'everything' })
      for (const record of this.inodes.records()) {
        record.keptVersion = 0
        if (record.opens > 0) this.#doubt(record)
      }
      return
    }
    const record = this.inodes.byInode(invalidation.inode)
    if (record !== undefined) this.#doubt(record)
  }

  /** The bytes go at once: within one tick of the source's clock they change and nothing shows it. */
  #doubt(record: InodeRecord): void {
    record.keptVersion = 0
    const { nodeid, isDirectory } = record
    if (!isDirectory) this.#init.tellKernel({ type: 'inode', nodeid, data: true })
    void this.refresh(record)
  }

  /** Brings what the kernel believes of an inode up to date; where that fails, makes it ask again. */
  async refresh(record: InodeRecord): Promise<void> {
    try {
      await this.attributes(record)
      if (record.isDirectory) await this.#refreshPages(record)
    } catch {
      this.#init.counters.add('tree_refreshes_failed_total')
      this.#dropFromKernel(record)
    }
  }

  /** Checks files that are in use: an open or mapped file sends no lookups by itself. */
  async refreshOpen(): Promise<void> {
    const open = [...this.inodes.records()].filter((record) => record.opens > 0)
    await Promise.all(open.map((record) => this.refresh(record)))
  }

  #pageHere(directory: InodeRecord, name: Name): Page | undefined {
    const { volume, peek } = this.#init
    const head = peek(pageWant(volume, directory, { index: 0, splits: 0, floor: 0 }))
    if (head === undefined) return undefined
    const page = new Page(head)
    const { splits } = page
    if (splits === 0) return page
    const part = peek(pageWant(volume, directory, { index: partOf(name, splits), splits, floor: 0 }))
    return part === undefined ? undefined : new Page(part)
  }

  async #refreshPages(directory: InodeRecord): Promise<void> {
    const { page } = await this.page(directory, { index: 0, splits: 0 })
    if (page.splits === 0) return
    const known = [...directory.children.keys(), ...directory.absent]
    const parts = new Set(known.map((name) => partOf(name, page.splits)))
    for (const index of parts) await this.page(directory, { index, splits: page.splits })
  }

  /**
   * Something is not where its directory's page has it: that page is out of date, and is read again,
   * so that the kernel hears of it and the next try goes right.
   */
  suspect(record: InodeRecord, error: unknown): void {
    const code = codeOf(error)
    if (code !== 'ENOENT' && code !== 'ESTALE' && code !== 'ENOTDIR') return
    const parent = record.links.at(-1)?.parent
    const { volume, floors, stamps, clock } = this.#init
    const now = clock.now()
    if (parent === undefined || now - parent.suspectedMs < SUSPECT_EVERY_MS) return
    parent.suspectedMs = now
    floors.raise({ volume, inode: parent.inode, stamp: stamps.tick() })
    if (parent.nodeid !== 0) void this.refresh(parent)
  }

  #compare(directory: InodeRecord, found: FoundPage): void {
    const { page, stamp, part } = found
    if (directory.pageStamps.get(part) === stamp) return
    directory.pageStamps.set(part, stamp)
    this.#compareSelf(directory, found)
    if (page.splits > 0 && part === 0) return
    const diff = diffForKernel(directory, page, part)
    for (const name of diff.names) {
      directory.absent.delete(name)
      this.inodes.unlink(directory, name)
      this.#init.tellKernel({ type: 'entry', parent: directory.nodeid, name })
    }
    for (const { record, data } of diff.inodes) {
      if (stamp < record.stamp) continue
      this.#init.tellKernel({ type: 'inode', nodeid: record.nodeid, data })
    }
    this.#learnChildren(directory, found)
  }

  /** A directory's own attributes come with its page; for the root there is no other way. */
  #compareSelf(directory: InodeRecord, { page, stamp }: FoundPage): void {
    const { nodeid, attributes: known } = directory
    if (stamp < directory.stamp || known?.inode !== page.self.inode) return
    this.learn(directory, { attributes: page.self }, stamp)
    if (nodeid === 0 || areAttributesEqual(known, page.self)) return
    this.#init.tellKernel({ type: 'inode', nodeid, data: false })
  }

  #learnChildren(directory: InodeRecord, found: FoundPage): void {
    for (const [name, record] of directory.children) {
      const entry = found.page.find(name)
      if (entry !== undefined && entry.attributes.inode === record.inode) {
        this.learn(record, entry, found.stamp)
      }
    }
  }

  #dropFromKernel(record: InodeRecord): void {
    const { tellKernel } = this.#init
    for (const { parent, name } of record.links) {
      tellKernel({ type: 'entry', parent: parent.nodeid, name })
    }
    for (const name of [...record.children.keys(), ...record.absent]) {
      tellKernel({ type: 'entry', parent: record.nodeid, name })
    }
    record.absent.clear()
    tellKernel({ type: 'inode', nodeid: record.nodeid, data: true })
  }
}

function pageWant(
  volume: string,
  directory: InodeRecord,
  part: { readonly index: number; readonly splits: number; readonly floor: Stamp },
): Want {
  const { inode } = directory
  return { volume, kind: 'page', inode, ...part, path: directory.path(), version: 0, reach: 'climb' }
}
