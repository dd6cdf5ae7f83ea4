// Names to inodes, by directory pages; absent names as surely as present ones.
//
// Freshness is decided here, once, for every operation: a page is good if it is not older than the floor
// of its directory (for the names), the floor of the child (for its attributes), and one
// revalidation period. What the kernel was told lives no longer than the page it came from, and
// whenever a newer page shows that the kernel believes something else, the kernel is told.
import type { Attributes, Block, Inode, Invalidation, Name, Stamp } from '../ports/messages.ts'
import { PotluckError } from '../base/errors.ts'
import type { Counters } from '../base/counters.ts'
import { ROOT_INODE } from '../block/key.ts'
import { floorOf, type HybridClock } from '../block/stamp.ts'
import { versionOf } from '../block/version.ts'
import type { Asked } from '../fetch/verify.ts'
import { EVERYTHING } from '../rumor/floors.ts'
import { partOf } from '../wire/page.ts'
import type { PageEntry } from '../wire/page-entry.ts'
import { Freshness, type FreshnessInit } from './freshness.ts'
import type { InodeRecord } from './inode-record.ts'
import { InodeTable } from './inode-table.ts'
import { type FoundPage, type KernelChange, KernelNews } from './kernel-news.ts'
import { misledBy } from './misled.ts'
import { Doubts } from './news/doubts.ts'
import { TakeNews, type TakeNewsInit } from './news/take-news.ts'
import { Told } from './news/told.ts'
import { type FindPorts, findName, findNameHere, type Found } from './pages/find-name.ts'
import { inlineOf, inodesBeside, type PagePart } from './pages/page-here.ts'
import { type PageBringing, type PageOptions, PageReader } from './pages/page-reader.ts'

/** Absent names remembered per directory on the kernel's behalf; past it they are told no TTL. */
const ABSENT_MAX = 16_384
export type Options = { readonly signal?: AbortSignal | undefined }

export type LookedUp = { readonly record: InodeRecord | undefined; readonly stamp: Stamp }

export type Change = { readonly attributes: Attributes; readonly stamp: Stamp }

export type TreeInit = FreshnessInit &
  PageBringing & {
    readonly stamps: HybridClock
    readonly counters: Counters
    /** What `held` says, without being read. */
    readonly peek: (asked: Asked) => Block | undefined
    readonly tellKernel: (change: KernelChange) => void
    readonly onRemoved: TakeNewsInit['onRemoved']
  }

export class Tree {
  readonly inodes = new InodeTable(ROOT_INODE)
  readonly freshness: Freshness
  /** What was told since the pages were read. */
  readonly told: Told
  readonly #init: TreeInit
  readonly #news: KernelNews
  readonly #doubts: Doubts
  /** Takes in what is so since a change. */
  readonly news: TakeNews
  readonly #pages: PageReader
  readonly #finding: FindPorts

  constructor(init: TreeInit) {
    const { inodes } = this
    this.#init = init
    this.freshness = new Freshness(init)
    this.#doubts = new Doubts({ ...init, onSettled: (inode) => this.#outOfDate(inode) })
    const doubts = this.#doubts
    this.told = new Told({ raise: (inode, outdone) => void doubts.add(inode, outdone) })
    this.#news = new KernelNews(inodes, this.told, init.tellKernel)
    const { told, freshness } = this
    this.news = new TakeNews({ ...init, inodes, told, freshness, doubts, kernel: this.#news })
    this.#pages = new PageReader({
      ...init,
      freshness,
      news: this.#news,
      onError: (directory, error) => this.suspect(directory, error),
    })
    this.#finding = { told, freshness, pages: this.#pages }
  }

  /** @throws PotluckError ESTALE for a nodeid that was forgotten */
  record(nodeid: number): InodeRecord {
    const record = this.inodes.byNodeid(nodeid)
    if (record === undefined) throw new PotluckError('ESTALE', `no inode has the nodeid ${nodeid}`)
    return record
  }

  stop(): void {
    this.#doubts.stop()
  }

  /** A name in a directory; an absent one gives no entry, but the page's stamp all the same. */
  find(directory: InodeRecord, name: Name, options: Options = {}): Promise<Found> {
    return findName(this.#finding, { directory, name }, options)
  }

  /** `find`, and a reference of the kernel to what was found; undefined for an absent name. */
  async lookup(parent: InodeRecord, name: Name, options: Options = {}): Promise<LookedUp> {
    return this.#referred(parent, name, await this.find(parent, name, options))
  }

  /** The same, where nothing has to be waited for. */
  lookupHere(parent: InodeRecord, name: Name): LookedUp | undefined {
    const found = findNameHere(this.#finding, { directory: parent, name })
    return found && this.#referred(parent, name, found)
  }

  #referred(parent: InodeRecord, name: Name, { entry, stamp }: Found): LookedUp {
    if (entry !== undefined) return { record: this.refer(parent, entry, stamp), stamp }
    if (parent.absent.size < ABSENT_MAX) parent.addAbsent(name)
    return { record: undefined, stamp: parent.absent.has(name) ? stamp : 0 }
  }

  /** Takes a reference of the kernel to an entry of a page. */
  refer(parent: InodeRecord, entry: PageEntry, stamp: Stamp): InodeRecord {
    const record = this.inodes.refer(parent, entry.name, entry.attributes.inode)
    record.learn(entry, stamp)
    return record
  }

  /** Fresh attributes of an inode. @throws PotluckError ESTALE where its name is gone */
  async attributes(
    record: InodeRecord,
    options: Options = {},
  ): Promise<{ readonly attributes: Attributes; readonly stamp: Stamp }> {
    const known = this.attributesHere(record)
    if (known !== undefined) return { attributes: known, stamp: record.stamp }
    const { attributes } = await this.entryOf(record, options)
    return { attributes, stamp: record.stamp }
  }

  /** The same, as of `record.stamp`, where nothing has to be waited for. */
  attributesHere(record: InodeRecord): Attributes | undefined {
    const { attributes, stamp, inode } = record
    // An inode without a name has no page that could say anything newer.
    const isNameless = attributes?.nlink === 0
    return isNameless || stamp >= this.freshness.floor(inode) ? attributes : undefined
  }

  /** The fresh entry of an inode in its directory's page (for the root, of itself). */
  async entryOf(record: InodeRecord, options: Options = {}): Promise<PageEntry> {
    const { parent, name } = record
    if (parent === undefined) {
      const { page, stamp } = await this.page(record, { index: 0, splits: 0 }, options)
      const { attributes } = this.told.correct(record.inode, { attributes: page.self, stamp })
      record.learn({ attributes }, stamp)
      return { name: '', attributes }
    }
    const { entry, stamp } = await this.find(parent, name, options)
    if (entry === undefined || entry.attributes.inode !== record.inode) {
      throw new PotluckError('ESTALE', `${record.path()} is no longer what it was`)
    }
    record.learn(entry, stamp)
    return entry
  }

  /**
   * The source, asked for bytes of the version `wanted`, answered that the file is another one by
   * now: later than whatever showed that version, though it be by a slower clock.
   */
  changed(record: InodeRecord, change: Change, wanted: number): void {
    const { attributes, stamp: said } = change
    const isOvertaken = record.attributes !== undefined && versionOf(record.attributes) !== wanted
    const stamp = isOvertaken ? said : Math.max(said, record.stamp + 1)
    const { volume, floors } = this.#init
    floors.raise({ volume, inode: record.inode, stamp })
    this.freshness.saw(attributes, stamp)
    record.learn({ attributes, target: undefined }, stamp)
    this.#news.tellInode(record, true)
  }

  /** The whole file, where it came with its directory's page and that page is still here. */
  inlineOf(record: InodeRecord): Uint8Array | undefined {
    return inlineOf(this.#init, record)
  }

  /** The inodes that lie beside a name, as far as that is known here. */
  inodesBeside(directory: InodeRecord, name: Name): Inode[] {
    return inodesBeside(this.#init, directory, name)
  }

  /** One page of a directory. @throws PotluckError what reading it failed with */
  page(directory: InodeRecord, part: PagePart, options: PageOptions = {}): Promise<FoundPage> {
    return this.#pages.page(directory, part, options)
  }

  /** Told of a change by a rumor or by this node itself; the floor is already raised. */
  invalidated(invalidation: Invalidation): void {
    const { inode, stamp } = invalidation
    const { names } = this.told
    const directories = inode === EVERYTHING ? names.directories() : [inode]
    for (const each of directories) names.settleAll(each, floorOf(stamp))
    this.#outOfDate(inode)
  }

  #outOfDate(inode: Inode): void {
    if (inode === EVERYTHING) {
      this.#init.tellKernel({ type: 'everything' })
      for (const record of this.inodes.records()) {
        record.keptVersion = 0
        if (record.opens > 0) this.#doubt(record)
      }
      return
    }
    const record = this.inodes.byInode(inode)
    if (record !== undefined) this.#doubt(record)
  }

  /** The bytes go at once: within one tick of the source's clock they change and nothing shows it. */
  #doubt(record: InodeRecord): void {
    record.keptVersion = 0
    if (!record.isDirectory) this.#news.tellInode(record, true)
    void this.refresh(record)
  }

  /** Brings what the kernel believes of an inode up to date; where that fails, makes it ask again. */
  async refresh(record: InodeRecord): Promise<void> {
    try {
      await this.attributes(record)
      if (record.isDirectory) await this.#refreshPages(record)
    } catch {
      this.#init.counters.add('tree_refreshes_failed_total')
      this.#news.drop(record)
    }
  }

  /** Checks files that are in use: an open or mapped file sends no lookups by itself. */
  async refreshOpen(): Promise<void> {
    const open = [...this.inodes.records()].filter((record) => record.opens > 0)
    await Promise.all(open.map((record) => this.refresh(record)))
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
    const directory = misledBy(this.#init, record, error)
    if (directory !== undefined && directory.nodeid !== 0) void this.refresh(directory)
  }
}
