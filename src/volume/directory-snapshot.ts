// An open directory: the pages as they were when it was opened, with what had been told since they were
// read, so that reading on at an offset stays right while the directory changes.
import { type Name, NAMES_ONLY, type Stamp } from '../ports/messages.ts'
import { PotluckError } from '../base/errors.ts'
import type { FoundPage } from '../tree/kernel-news.ts'
import type { Resolved } from '../tree/news/told.ts'
import type { Options, Tree } from '../tree/tree.ts'
import type { InodeRecord } from '../tree/inode-record.ts'
import type { BareEntry, PageEntry } from '../wire/page-entry.ts'
import type { DirectoryEntry } from './volume.ts'

/** How many entries one answer to `readdir` may have; the mount asks again behind them. */
const BATCH = 512
type Listed = {
  readonly entry: PageEntry | BareEntry
  readonly stamp: Stamp
  readonly found: FoundPage
}

type Added = {
  readonly resolved: Resolved & { readonly entry: PageEntry }
  readonly page: FoundPage
}

type Pages = {
  readonly head: FoundPage
  readonly parts: readonly FoundPage[]
  /** Names of which something was told since their page was read. */
  readonly told: ReadonlyMap<Name, Resolved>
  /** Those among them that are on no page. */
  readonly added: readonly Added[]
}

export class DirectorySnapshot {
  readonly directory: InodeRecord
  readonly #tree: Tree
  readonly #pages: Pages

  private constructor(tree: Tree, directory: InodeRecord, pages: Pages) {
    this.#tree = tree
    this.directory = directory
    this.#pages = pages
  }

  /** @throws PotluckError ENOTDIR, or what reading the pages failed with */
  static async take(
    tree: Tree,
    directory: InodeRecord,
    { isWhole, ...options }: Options & { readonly isWhole?: boolean },
  ): Promise<DirectorySnapshot> {
    if (directory.attributes !== undefined && !directory.isDirectory) {
      throw new PotluckError('ENOTDIR', 'this is not a directory')
    }
    const name = isWhole === true ? undefined : NAMES_ONLY
    const head = await tree.page(directory, { index: 0, splits: 0, name }, options)
    const { splits } = head.page
    const indexes = Array.from({ length: splits }, (_, i) => i + 1)
    const parts = await Promise.all(
      indexes.map((index) => tree.page(directory, { index, splits, name }, options)),
    )
    const pages = withNews(tree, directory, { head, parts: splits === 0 ? [head] : parts })
    return new DirectorySnapshot(tree, directory, pages)
  }

  /** Entries from an offset on: 0 and 1 are '.' and '..', then the names page by page. */
  from(offset: number): readonly DirectoryEntry[] {
    const entries: DirectoryEntry[] = []
    for (let at = offset; entries.length < BATCH; at++) {
      const entry = at < 2 ? this.#dots(at) : this.#entry(at - 2)
      if (entry === undefined) break
      if (entry !== 'gone') entries.push(listed(entry, at + 1))
    }
    return entries
  }

  /** A reference of the kernel to an entry that `from` gave. */
  refer(tree: Tree, entry: DirectoryEntry): { record: InodeRecord; validMs: number } {
    const place = this.#place(entry.nextOffset - 3)
    if (place === undefined || place === 'gone') {
      throw new PotluckError('EINVAL', 'not an entry of this directory')
    }
    const { entry: child, stamp, found } = place
    if (child.attributes === undefined) throw new PotluckError('EINVAL', 'nobody looked at it yet')
    // The directory may have changed since it was opened: this is history, and not to be kept.
    const page = { ...found, stamp }
    const isNewest = tree.freshness.isNewest(this.directory, child.attributes.inode, page)
    const isTold = tree.told.names.find(this.directory.inode, child.name)?.stamp ?? 0
    const record = tree.refer(this.directory, child, stamp)
    return { record, validMs: isNewest && isTold <= stamp ? tree.freshness.validMs(stamp) : 0 }
  }

  #dots(at: number): PageEntry {
    const self = this.#pages.head.page.self
    if (at === 0) return { name: '.', attributes: this.directory.attributes ?? self }
    const parent = this.directory.parent
    return { name: '..', attributes: parent?.attributes ?? self }
  }

  #entry(index: number): PageEntry | BareEntry | 'gone' | undefined {
    const place = this.#place(index)
    return place === undefined || place === 'gone' ? place : place.entry
  }

  #place(index: number): Listed | 'gone' | undefined {
    let rest = index
    for (const found of this.#pages.parts) {
      if (rest < found.page.count) return rest < 0 ? undefined : this.#listed(found, rest)
      rest -= found.page.count
    }
    const added = this.#pages.added[rest]
    if (added === undefined) return undefined
    const { entry, stamp } = added.resolved
    return { entry, stamp, found: added.page }
  }

  #listed(found: FoundPage, index: number): Listed | 'gone' {
    const entry = found.page.at(index)
    const told = this.#pages.told.get(entry.name)
    if (told !== undefined) {
      if (told.entry === undefined) return 'gone'
      return { entry: told.entry, stamp: told.stamp, found }
    }
    if (entry.attributes === undefined) return { entry, stamp: found.stamp, found }
    const now = this.#tree.told.resolve(this.directory.inode, entry.name, found)
    const isSame = now.entry?.attributes.inode === entry.attributes.inode
    if (now.entry === undefined || !isSame) return { entry, stamp: found.stamp, found }
    return { entry: now.entry, stamp: now.stamp, found }
  }
}

function withNews(
  tree: Tree,
  directory: InodeRecord,
  { head, parts }: Pick<Pages, 'head' | 'parts'>,
): Pages {
  const told = new Map<Name, Resolved>()
  const added: Added[] = []
  for (const page of parts) {
    for (const [name, resolved] of tree.told.changes(directory.inode, page)) {
      told.set(name, resolved)
      const { entry } = resolved
      if (entry !== undefined && !page.page.has(name)) {
        added.push({ resolved: { ...resolved, entry }, page })
      }
    }
  }
  return { head, parts, told, added }
}

function listed(entry: PageEntry | BareEntry, nextOffset: number): DirectoryEntry {
  const { name, attributes } = entry
  if (attributes === undefined) return { name, type: entry.type, nextOffset }
  return { name, attributes, nextOffset }
}
