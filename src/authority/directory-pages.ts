// The pages of a source volume's directories, read no further than they are asked for.
//
// All who want something of the same directory share one filling, so its names are read once and each
// child is looked at once. Reading ahead takes one call on the storage at a time: where that does one after
// another, four at a time made those wait who asked for something (a cold import took 7.3 s, not 6.5).
import type { Name, Path, Stamp, Want } from '../ports/messages.ts'
import type { Listing, Source, SourceEntry, SourceOptions } from '../ports/source.ts'
import { waitUnlessAborted } from '../base/abort.ts'
import { PotluckError } from '../base/errors.ts'
import { ROOT_INODE } from '../block/key.ts'
import { NAMES_ONLY } from '../ports/messages.ts'
import { Page, partOf } from '../wire/page.ts'
import { type Inline, inlining } from './inline.ts'
import { PageFilling } from './page-filling.ts'

/** Directories with more names than this are split by a hash of the name. */
export const NAMES_A_PAGE = 2048

/** Names of the directories that are kept here together; one that is dropped is listed again. */
const NAMES_KEPT = 32_768

export type DirectoryPagesInit = {
  readonly source: Source
  /** Files up to this size travel in their directory's page; 0 for none. */
  readonly inlineBytes: number
  /** @default NAMES_A_PAGE */
  readonly namesAPage?: number | undefined
  /** Names of a directory that who asks for this one will want, too. @default none are known */
  readonly expected?: (directory: Path, name: Name) => readonly Name[]
}

export type PageWant = {
  readonly want: Want
  /** For what has to be read now. */
  readonly stamp: Stamp
  /** What this node knew of the directory: read again with it, so that every change shows. */
  readonly before?: Uint8Array | undefined
}

type Filling = {
  readonly stamp: Stamp
  readonly path: string
  readonly ready: Promise<PageFilling>
  /** Adds the bytes of small files. */
  readonly inline: Inline
  /** 0 until it is known how many. */
  names: number
  readonly lookups: Map<Name, Promise<unknown>>
}

type ListOptions = {
  readonly stamp: Stamp
  readonly known: ReadonlySet<Name>
  readonly inline: Inline
}

export class DirectoryPages {
  readonly #init: DirectoryPagesInit
  readonly #fillings = new Map<string, Filling>()
  readonly #namesAPage: number
  /** Directories of which something was asked and more will be, the latest one last. */
  readonly #due: Filling[] = []
  #isAhead = false

  constructor(init: DirectoryPagesInit) {
    this.#init = init
    this.#namesAPage = init.namesAPage ?? NAMES_A_PAGE
  }

  /** @throws PotluckError with the errno of what failed; ESTALE where another directory is there */
  async read(task: PageWant, options: SourceOptions): Promise<{ bytes: Uint8Array; stamp: Stamp }> {
    const { want } = task
    const { inode, index, splits } = want
    const place = `${inode}/${splits}/${index}`
    const known = this.#fillings.get(place)
    const isFresh = known !== undefined && known.stamp >= want.floor && known.path === want.path
    const filling = isFresh ? known : this.#start(place, task)
    const answered = this.#answer(place, filling, want.name)
    const page = await waitUnlessAborted(answered, options.signal, () => {})
    if (page !== undefined) return { bytes: page.encode(), stamp: page.stamp }
    // The name went away meanwhile: what it says of the others is history, too.
    return this.read(task, options)
  }

  #start(place: string, { want, stamp, before }: PageWant): Filling {
    const known = before === undefined ? [] : [...new Page(before)].map(({ name }) => name)
    const lookups = new Map<Name, Promise<unknown>>()
    const inline = inlining(this.#init, want.path)
    const filling: Filling = {
      stamp,
      path: want.path,
      inline,
      names: 0,
      lookups,
      ready: this.#list(want, { stamp, known: new Set(known), inline }),
    }
    this.#fillings.delete(place)
    this.#fillings.set(place, filling)
    filling.ready.then(
      (page) => this.#makeRoom(filling, page),
      () => this.#drop(place, filling),
    )
    return filling
  }

  async #list(want: Want, { stamp, known, inline }: ListOptions): Promise<PageFilling> {
    const { index, splits, path } = want
    let names: readonly Name[] = []
    let chosen: readonly Name[] = []
    const choose = (all: readonly Name[]): readonly Name[] => {
      if (index > 0) names = all.filter((name) => partOf(name, splits) === index)
      else if (all.length <= this.#namesAPage) names = all
      chosen = names
      if (want.name !== undefined) {
        const expected = new Set([want.name, ...this.#expected(path, want.name)])
        chosen = names.filter((name) => expected.has(name) || known.has(name))
      }
      return chosen
    }
    const listing = await this.#init.source.list(path, { choose })
    const { self, entries } = listing
    if (want.inode !== ROOT_INODE && self.inode !== want.inode) {
      throw new PotluckError('ESTALE', `another directory is now at ${path}`)
    }
    // A name that leads nowhere is absent, whatever the listing says: else it would be asked for for ever.
    const missing = missingOf(chosen, entries)
    names = names.filter((name) => !missing.has(name))
    const filling = new PageFilling({
      stamp,
      listing,
      names,
      splits: this.#splitsOf(want, listing),
    })
    const inlined = await inline(entries)
    filling.learn([], inlined)
    return filling
  }

  #splitsOf({ index, splits }: Want, { names }: Listing): number {
    if (index > 0) return splits
    return names.length > this.#namesAPage ? Math.ceil(names.length / (this.#namesAPage / 2)) : 0
  }

  /** Undefined where the filling is history. */
  async #answer(
    place: string,
    filling: Filling,
    name: Name | undefined,
  ): Promise<PageFilling | undefined> {
    const page = await filling.ready
    const missing = name === undefined ? page.bareNames() : this.#demandOf(filling, page, name)
    const isThere = await this.#lookUp(filling, page, missing).catch((error: unknown) => {
      this.#drop(place, filling)
      throw error
    })
    if (!isThere) this.#drop(place, filling)
    else if (missing.length > 0) this.#goOn(filling)
    return isThere ? page : undefined
  }

  /** Reads on in this directory before any other. */
  #goOn(filling: Filling): void {
    const index = this.#due.indexOf(filling)
    if (index >= 0) this.#due.splice(index, 1)
    this.#due.push(filling)
    void this.#readAhead()
  }

  /** Each name once, whoever asks; false where one is no longer there. */
  async #lookUp(filling: Filling, page: PageFilling, names: readonly Name[]): Promise<boolean> {
    const { lookups, path } = filling
    const unasked = names.filter((name) => !lookups.has(name))
    if (unasked.length > 0) {
      const work = this.#init.source
        .entries(path, unasked)
        .then(async (entries) => page.learn(unasked, await filling.inline(entries)))
        .finally(() => unasked.forEach((name) => lookups.delete(name)))
      for (const name of unasked) lookups.set(name, work)
    }
    await Promise.all(names.map((name) => lookups.get(name) ?? Promise.resolve()))
    return names.every((name) => !page.isBare(name))
  }

  /**
   * One name at a time, in the directory that was asked of last: whoever waits for another then has
   * to wait for one call at most, which matters where the storage does them one after another.
   */
  async #readAhead(): Promise<void> {
    if (this.#isAhead) return
    this.#isAhead = true
    for (let filling = this.#due.pop(); filling !== undefined; filling = this.#due.pop()) {
      // What went wrong is for whoever asks for the name: nobody did yet.
      const isWorthMore = await this.#readOneAhead(filling).catch(() => false)
      if (isWorthMore) this.#due.push(filling)
    }
    this.#isAhead = false
  }

  async #readOneAhead(filling: Filling): Promise<boolean> {
    const page = await filling.ready
    const name = page.ahead()
    return name !== undefined && (await this.#lookUp(filling, page, [name]))
  }

  /** The oldest go. One that was dropped or replaced meanwhile is not counted. */
  #makeRoom(filling: Filling, page: PageFilling): void {
    filling.names = page.count + 1
    let names = 0
    for (const kept of this.#fillings.values()) names += kept.names
    for (const [place, kept] of this.#fillings) {
      if (names <= NAMES_KEPT || kept === filling) return
      names -= kept.names
      this.#fillings.delete(place)
    }
  }

  #demandOf({ path }: Filling, page: PageFilling, name: Name): readonly Name[] {
    if (name === NAMES_ONLY || !page.isBare(name)) return []
    const expected = this.#expected(path, name).filter((each) => page.isBare(each))
    return [...new Set([...page.demand(name), ...expected])]
  }

  #expected(path: Path, name: Name): readonly Name[] {
    return this.#init.expected?.(path, name) ?? []
  }

  #drop(place: string, filling: Filling): void {
    if (this.#fillings.get(place) === filling) this.#fillings.delete(place)
  }
}

function missingOf(names: readonly Name[], entries: readonly SourceEntry[]): Set<Name> {
  const missing = new Set(names)
  for (const { name } of entries) missing.delete(name)
  return missing
}
