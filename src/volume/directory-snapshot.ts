// An open directory: the pages as they were when it was opened, so that reading on at an offset stays
// right while the directory changes.
import { NAMES_ONLY } from '../ports/messages.ts'
import { PotluckError } from '../base/errors.ts'
import type { FoundPage } from '../tree/kernel-news.ts'
import type { Options, Tree } from '../tree/tree.ts'
import type { InodeRecord } from '../tree/inode-table.ts'
import type { BareEntry, PageEntry } from '../wire/page-entry.ts'
import type { DirectoryEntry } from './volume.ts'

/** How many entries one answer to `readdir` may have; the mount asks again behind them. */
const BATCH = 512

export class DirectorySnapshot {
  readonly directory: InodeRecord
  readonly #head: FoundPage
  readonly #parts: readonly FoundPage[]

  private constructor(directory: InodeRecord, head: FoundPage, parts: readonly FoundPage[]) {
    this.directory = directory
    this.#head = head
    this.#parts = parts
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
    return new DirectorySnapshot(directory, head, splits === 0 ? [head] : parts)
  }

  /** Entries from an offset on: 0 and 1 are '.' and '..', then the names page by page. */
  from(offset: number): readonly DirectoryEntry[] {
    const entries: DirectoryEntry[] = []
    for (let at = offset; entries.length < BATCH; at++) {
      const entry = at < 2 ? this.#dots(at) : this.#entry(at - 2)
      if (entry === undefined) break
      entries.push(listed(entry, at + 1))
    }
    return entries
  }

  /** A reference of the kernel to an entry that `from` gave. */
  refer(tree: Tree, entry: DirectoryEntry): { record: InodeRecord; validMs: number } {
    const place = this.#place(entry.nextOffset - 3)
    if (place === undefined) throw new PotluckError('EINVAL', 'not an entry of this directory')
    const { found, index } = place
    const child = found.page.at(index)
    if (child.attributes === undefined) throw new PotluckError('EINVAL', 'nobody looked at it yet')
    // The directory may have changed since it was opened: this is history, and not to be kept.
    const isNewest = tree.freshness.isNewest(this.directory, child.attributes.inode, found)
    const record = tree.refer(this.directory, child, found.stamp)
    return { record, validMs: isNewest ? tree.freshness.validMs(found.stamp) : 0 }
  }

  #dots(at: number): PageEntry {
    const self = this.#head.page.self
    if (at === 0) return { name: '.', attributes: self }
    const parent = this.directory.links.at(-1)?.parent
    return { name: '..', attributes: parent?.attributes ?? self }
  }

  #entry(index: number): PageEntry | BareEntry | undefined {
    const place = this.#place(index)
    return place?.found.page.at(place.index)
  }

  #place(index: number): { found: FoundPage; index: number } | undefined {
    let rest = index
    for (const found of this.#parts) {
      if (rest < found.page.count) return rest < 0 ? undefined : { found, index: rest }
      rest -= found.page.count
    }
    return undefined
  }
}

function listed(entry: PageEntry | BareEntry, nextOffset: number): DirectoryEntry {
  const { name, attributes } = entry
  if (attributes === undefined) return { name, type: entry.type, nextOffset }
  return { name, attributes, nextOffset }
}
