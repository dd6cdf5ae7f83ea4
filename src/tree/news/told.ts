// A page as it is with everything that was told since it was read.
import type { Dated, When } from '../../block/order.ts'
import type { Inode, Name, Stamp } from '../../ports/messages.ts'
import { type Page, partOf } from '../../wire/page.ts'
import type { PageEntry } from '../../wire/page-entry.ts'
import type { Known } from '../page-diff.ts'
import { ToldInodes } from './told-inodes.ts'
import { countsOver, isSameEntry, type NameFact, outdoneBy, ToldNames } from './told-names.ts'

export type StampedPage = { readonly page: Page; readonly stamp: Stamp }

export type Resolved = {
  readonly entry: PageEntry | undefined
  /** How fresh the entry is, or the name's absence. */
  readonly stamp: Stamp
}

/** What a page says of names. */
export type PageView = Pick<Page, 'splits' | 'find' | 'has'>

export type ToldInit = { readonly raise: (inode: Inode, outdone: Stamp) => void }

export class Told {
  readonly names: ToldNames
  readonly inodes: ToldInodes

  constructor(init: ToldInit) {
    this.names = new ToldNames(init)
    this.inodes = new ToldInodes(init)
  }

  /** What a name leads to, by a page that answers it and by what was told. */
  resolve(directory: Inode, name: Name, found: StampedPage): Resolved {
    const { page } = found
    const fact = this.names.find(directory, name)
    const entry = page.find(name)
    // Where both say that it is the same inode, the page may know more of it.
    const isTold = fact !== undefined && countsOver(fact, found) && !isSameEntry(fact.entry, entry)
    return isTold ? this.answer(name, fact) : this.#corrected(entry, found)
  }

  /** The later of what a page says of an inode and of what was told. */
  correct(inode: Inode, said: Dated): Dated {
    return this.inodes.correct(inode, said)
  }

  /** The page with what was told since; the page itself where nothing was. */
  view(directory: Inode, found: StampedPage): PageView {
    const { page } = found
    const facts = this.names.of(directory)
    if (facts === undefined && this.inodes.size === 0) return page
    return {
      splits: page.splits,
      find: (name) => this.resolve(directory, name, found).entry,
      has: (name) => {
        const fact = facts?.get(name)
        const isTold = fact !== undefined && countsOver(fact, found)
        return isTold ? fact.entry !== undefined : page.has(name)
      },
    }
  }

  /** What was told of a name, as it is by now. */
  answer(name: Name, fact: NameFact): Resolved {
    const { entry } = fact
    return this.#corrected(entry && { name, ...entry }, fact)
  }

  /** What everyone has been told of a directory since a page of this stamp was read. */
  knownSince(directory: Inode, stamp: Stamp): Known {
    const facts = this.names.of(directory)
    const isSince = (told: { readonly stamp: Stamp } | undefined) =>
      told !== undefined && outdoneBy(told.stamp) > stamp
    return {
      hasNames: facts !== undefined,
      hasName: (name) => isSince(facts?.get(name)),
      hasInode: (inode) => isSince(this.inodes.find(inode)),
    }
  }

  /** The names that were told of in a directory, and are not as the page has them. */
  *changes(
    directory: Inode,
    found: StampedPage & { readonly part: number },
  ): Generator<[Name, Resolved]> {
    for (const [name, fact] of this.names.of(directory) ?? []) {
      if (found.part > 0 && partOf(name, found.page.splits) !== found.part) continue
      if (countsOver(fact, found)) yield [name, this.answer(name, fact)]
    }
  }

  #corrected(entry: PageEntry | undefined, { stamp, begun }: When): Resolved {
    if (entry === undefined) return { entry, stamp }
    const { attributes, name, target } = entry
    const now = this.correct(attributes.inode, { attributes, stamp, begun })
    if (now.attributes === attributes) return { entry, stamp }
    return {
      entry: { name, attributes: now.attributes, ...(target !== undefined && { target }) },
      stamp: Math.max(stamp, now.stamp),
    }
  }
}
