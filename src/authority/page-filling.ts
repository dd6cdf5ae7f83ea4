// One directory page on its way to being whole. The names are read at once, for one operation on the
// storage; each child's attributes cost another, so they are read when somebody asks for them.
//
// What was asked for says what will be: the names behind it are due next (`ahead`), and whoever asks for
// one bare name after the other is walking through the directory and will want them all at once.
// It must never claim a state newer than its stamp, nor forget what it was told.
import type { Name, Stamp } from '../ports/messages.ts'
import type { Listing, SourceEntry } from '../ports/source.ts'
import { encodePage } from '../wire/page.ts'
import type { BareEntry, PageEntry } from '../wire/page-entry.ts'

/** So many bare names asked for in a row are a walk through the directory. */
const WALK = 3

export type FillingInit = {
  readonly stamp: Stamp
  /** The page's names out of the directory's; those with attributes already are taken in, too. */
  readonly listing: Listing
  readonly names: readonly Name[]
  /** How many parts the directory is split into. */
  readonly splits: number
}

export class PageFilling {
  readonly stamp: Stamp
  readonly #init: FillingInit
  /** In name order. */
  readonly #names: readonly Name[]
  readonly #entries = new Map<Name, PageEntry | BareEntry>()
  #last = -1
  #row = 0
  #encoded: Uint8Array | undefined

  constructor(init: FillingInit) {
    this.#init = init
    this.stamp = init.stamp
    const types = new Map(init.listing.names.map(({ name, type }) => [name, type]))
    this.#names = init.names.toSorted()
    for (const name of this.#names)
      this.#entries.set(name, { name, type: types.get(name) ?? 'file' })
  }

  /** Names. */
  get count(): number {
    return this.#names.length
  }

  isBare(name: Name): boolean {
    const entry = this.#entries.get(name)
    return entry !== undefined && entry.attributes === undefined
  }

  bareNames(): Name[] {
    return this.#names.filter((name) => this.isBare(name))
  }

  /** Takes note that a bare name was asked for. @returns what should be read for it, now */
  demand(name: Name): readonly Name[] {
    const index = this.#names.indexOf(name)
    const isNext = this.#last >= 0 && index === this.#nextBare(this.#last + 1)
    this.#row = isNext ? this.#row + 1 : 1
    this.#last = index
    return this.#row >= WALK ? this.bareNames() : [name]
  }

  /** The next name worth reading before anybody asks; undefined where none is left. */
  ahead(): Name | undefined {
    return this.#names[this.#nextBare(this.#last + 1)] ?? this.#names[this.#nextBare(0)]
  }

  /** @returns false where one of the names is no longer there: then this listing is history */
  learn(names: readonly Name[], entries: readonly (SourceEntry | PageEntry)[]): boolean {
    for (const entry of entries) {
      if (!this.isBare(entry.name)) continue
      this.#entries.set(entry.name, entry)
      this.#encoded = undefined
    }
    return names.every((name) => !this.isBare(name))
  }

  encode(): Uint8Array {
    const { listing, splits } = this.#init
    this.#encoded ??= encodePage({
      self: listing.self,
      splits,
      total: listing.names.length,
      entries: [...this.#entries.values()],
    })
    return this.#encoded
  }

  #nextBare(from: number): number {
    let index = from
    while (index < this.#names.length && !this.isBare(this.#names[index] as Name)) index += 1
    return index
  }
}
