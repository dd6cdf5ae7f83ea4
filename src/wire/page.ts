// A directory page: the names of a directory, sorted, and each child's attributes, in a form that is
// searched as it lies there. Nothing is decoded but the entry that was asked for, once while the bytes
// are here, so a page of a thousand names costs a lookup ten comparisons and no garbage.
//
// On most storage each child's attributes cost an operation, the names one for all of them. So a page
// may know some names only by their type ("bare"): it answers who is absent, and what was looked at.
//
//   0 u32 format · 4 u32 entries here · 8 u32 bare ones among them · 12 u32 splits
//   · 16 u32 names in the directory · own attributes · u32 offset of each entry
//   · entries: u16 length, name, u8 type of a bare one; or u8 FULL, attributes, u16 length, link target,
//   u32 length (or NO_INLINE), the file's bytes
//
// It must answer an absent name with the same certainty as a present one.
import { PotluckError } from '../base/errors.ts'
import { type Attributes, type Name, NAMES_ONLY } from '../ports/messages.ts'
import { attributesLength, attributesAt, putAttributes } from './attributes.ts'
import {
  type BareEntry,
  checkEntry,
  checkInode,
  entryLength,
  nameAt,
  type PageEntry,
  readEntry,
  writeEntry,
} from './page-entry.ts'

const FORMAT = 0x32475031
const HEADER_BYTES = 20
/** Of so many names, all that was ever decoded stays; of more, what was looked for. */
const KEPT_MAX = 512

export type PageContent = {
  readonly self: Attributes
  /** How many parts the directory is split into; 0 where this page holds all of it. */
  readonly splits: number
  /** Names in the whole directory. */
  readonly total: number
  readonly entries: readonly (PageEntry | BareEntry)[]
}

/** Which part of a split directory a name belongs to, 1 to `splits` (FNV-1a). */
export function partOf(name: Name, splits: number): number {
  let mixed = 0x811c9dc5
  for (let i = 0; i < name.length; i++) {
    mixed = Math.imul(mixed ^ name.charCodeAt(i), 0x01000193)
  }
  return ((mixed >>> 0) % splits) + 1
}

export function encodePage(content: PageContent): Uint8Array {
  const entries = content.entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  let length = HEADER_BYTES + attributesLength(content.self) + 4 * entries.length
  for (const entry of entries) length += entryLength(entry)
  const to = Buffer.allocUnsafeSlow(length)
  to.writeUInt32LE(FORMAT, 0)
  to.writeUInt32LE(entries.length, 4)
  to.writeUInt32LE(entries.filter((entry) => entry.attributes === undefined).length, 8)
  to.writeUInt32LE(content.splits, 12)
  to.writeUInt32LE(content.total, 16)
  const table = putAttributes(to, HEADER_BYTES, content.self)
  let at = table + 4 * entries.length
  for (const [i, entry] of entries.entries()) {
    to.writeUInt32LE(at, table + 4 * i)
    at = writeEntry(to, at, entry)
  }
  return to
}

/** Pages by their bytes, which nobody changes; they go when the bytes go. */
const pages = new WeakMap<Uint8Array, Page>()

export class Page {
  readonly #bytes: Buffer
  readonly #table: number
  /** What was decoded, by its place in name order. */
  readonly #entries: (PageEntry | BareEntry | undefined)[] = []
  #isChecked = false
  /** Names here. */
  readonly count: number
  /** Those of them whose attributes are not. */
  readonly bare: number
  readonly splits: number
  readonly total: number
  readonly self: Attributes

  /** The page that these bytes are. @throws PotluckError MALFORMED */
  static of(bytes: Uint8Array): Page {
    const known = pages.get(bytes)
    if (known !== undefined) return known
    const page = new Page(bytes)
    pages.set(bytes, page)
    return page
  }

  /** @throws PotluckError MALFORMED where the header does not fit the bytes */
  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    try {
      if (this.#bytes.readUInt32LE(0) !== FORMAT) throw new RangeError('not a page')
      this.count = this.#bytes.readUInt32LE(4)
      this.bare = this.#bytes.readUInt32LE(8)
      this.splits = this.#bytes.readUInt32LE(12)
      this.total = this.#bytes.readUInt32LE(16)
      const own = attributesAt(this.#bytes, HEADER_BYTES)
      this.self = own.attributes
      this.#table = own.end
      if (this.#table + 4 * this.count > bytes.length) throw new RangeError('names end too early')
    } catch (cause) {
      throw new PotluckError('MALFORMED', 'a directory page is damaged', { cause })
    }
  }

  /** A name with its attributes; undefined where it is absent, or bare. */
  find(name: Name): PageEntry | undefined {
    const index = this.#indexOf(name)
    if (index < 0) return undefined
    const entry = this.at(index)
    this.#entries[index] = entry
    return entry.attributes === undefined ? undefined : entry
  }

  has(name: Name): boolean {
    return this.#indexOf(name) >= 0
  }

  /** Whether a want of this name (see `Want`) is answered by what is here. */
  answers(name: Name | undefined): boolean {
    if (this.bare === 0 || name === NAMES_ONLY) return true
    return name !== undefined && (this.find(name) !== undefined || !this.has(name))
  }

  /** The entry at a place in name order, 0 to count − 1. */
  at(index: number): PageEntry | BareEntry {
    const known = this.#entries[index]
    if (known !== undefined) return known
    const { entry } = this.#read(this.#offset(index))
    if (this.count <= KEPT_MAX) this.#entries[index] = entry
    return entry
  }

  /** The name there. */
  nameAt(index: number): Name {
    const known = this.#entries[index]
    return known === undefined ? nameAt(this.#bytes, this.#offset(index)) : known.name
  }

  /** The entries whose attributes are here. */
  *[Symbol.iterator](): Iterator<PageEntry> {
    for (const entry of this.all()) if (entry.attributes !== undefined) yield entry
  }

  *all(): Generator<PageEntry | BareEntry> {
    for (let i = 0; i < this.count; i++) yield this.at(i)
  }

  /** @throws RangeError unless these bytes are just what `encodePage` makes of the entries */
  check(): void {
    if (this.#isChecked) return
    checkInode(this.self)
    let before = ''
    let at = this.#table + 4 * this.count
    let bare = 0
    for (let i = 0; i < this.count; i++) {
      if (this.#offset(i) !== at) throw new RangeError('a gap between two names')
      const { entry, end } = this.#read(at)
      if (entry.attributes === undefined) bare += 1
      checkEntry(entry)
      if (entry.name <= before) throw new RangeError('names out of order')
      before = entry.name
      at = end
    }
    if (bare !== this.bare) throw new RangeError('not as many bare names as it says')
    if (at !== this.#bytes.length) throw new RangeError('bytes behind the last name')
    this.#isChecked = true
  }

  #indexOf(name: Name): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      const order = this.#compareName(this.#offset(middle), name)
      if (order === 0) return middle
      if (order < 0) low = middle + 1
      else high = middle
    }
    return -1
  }

  #read(offset: number): { readonly entry: PageEntry | BareEntry; readonly end: number } {
    return readEntry(this.#bytes, offset)
  }

  #offset(index: number): number {
    return this.#bytes.readUInt32LE(this.#table + 4 * index)
  }

  #compareName(offset: number, name: Name): number {
    const length = this.#bytes.readUInt16LE(offset)
    const common = Math.min(length, name.length)
    for (let i = 0; i < common; i++) {
      const difference = (this.#bytes[offset + 2 + i] as number) - name.charCodeAt(i)
      if (difference !== 0) return difference
    }
    return length - name.length
  }
}

/**
 * Reads all of a page that came from a peer, once, before it is believed.
 *
 * @throws PotluckError MALFORMED unless it is, to the byte, what `encodePage` could have made
 */
export function checkPage(bytes: Uint8Array): void {
  const page = Page.of(bytes)
  try {
    page.check()
  } catch (cause) {
    throw new PotluckError('MALFORMED', 'a directory page is damaged', { cause })
  }
}
