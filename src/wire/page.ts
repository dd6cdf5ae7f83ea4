// A directory page: the names of a directory with each child's attributes, sorted by name, in a form
// that is searched as it lies there. Nothing is decoded but the entry that was asked for, so a page of a
// thousand names costs a lookup ten comparisons and no garbage.
//
//   0 u32 format · 4 u32 entries here · 8 u32 splits · 12 u32 names in the directory · own attributes
//   · u32 offset of each entry · entries: u16 length, name, attributes, u16 length, link target,
//   u32 length (or NO_INLINE), the file's bytes
//
// It must answer an absent name with the same certainty as a present one.
import { PotluckError } from '../base/errors.ts'
import type { Attributes, Name } from '../ports/messages.ts'
import { attributesLength, readAttributes, writeAttributes } from './attributes.ts'

const FORMAT = 0x31475031
const HEADER_BYTES = 16
const NO_INLINE = 0xffffffff
const NAME_BYTES_MAX = 255
const TARGET_BYTES_MAX = 4096
/** A number as 64 bits have it, and for a nested mount '@' and where it is. */
const INODE = /^(0|[1-9]\d{0,19})(@[^\0]+)?$/

export type PageEntry = {
  readonly name: Name
  readonly attributes: Attributes
  readonly target?: string | undefined
  /** The whole file, where it is small enough to travel here. */
  readonly inline?: Uint8Array | undefined
}

export type PageContent = {
  readonly self: Attributes
  /** How many parts the directory is split into; 0 where this page holds all of it. */
  readonly splits: number
  /** Names in the whole directory. */
  readonly total: number
  readonly entries: readonly PageEntry[]
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
  to.writeUInt32LE(content.splits, 8)
  to.writeUInt32LE(content.total, 12)
  const table = writeAttributes(to, HEADER_BYTES, content.self)
  let at = table + 4 * entries.length
  for (const [i, entry] of entries.entries()) {
    to.writeUInt32LE(at, table + 4 * i)
    at = writeEntry(to, at, entry)
  }
  return to
}

export class Page {
  readonly #bytes: Buffer
  readonly #table: number
  readonly count: number
  readonly splits: number
  readonly total: number
  readonly self: Attributes

  /** @throws PotluckError MALFORMED where the header does not fit the bytes */
  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    try {
      if (this.#bytes.readUInt32LE(0) !== FORMAT) throw new RangeError('not a page')
      this.count = this.#bytes.readUInt32LE(4)
      this.splits = this.#bytes.readUInt32LE(8)
      this.total = this.#bytes.readUInt32LE(12)
      const own = readAttributes(this.#bytes, HEADER_BYTES)
      this.self = own.attributes
      this.#table = own.end
      if (this.#table + 4 * this.count > bytes.length) throw new RangeError('names end too early')
    } catch (cause) {
      throw new PotluckError('MALFORMED', 'a directory page is damaged', { cause })
    }
  }

  find(name: Name): PageEntry | undefined {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      const order = this.#compareName(this.#offset(middle), name)
      if (order === 0) return this.at(middle)
      if (order < 0) low = middle + 1
      else high = middle
    }
    return undefined
  }

  /** The entry at a place in name order, 0 to count − 1. */
  at(index: number): PageEntry {
    return this.#read(this.#offset(index)).entry
  }

  *[Symbol.iterator](): Iterator<PageEntry> {
    for (let i = 0; i < this.count; i++) yield this.at(i)
  }

  /** @throws RangeError unless these bytes are just what `encodePage` makes of the entries */
  check(): void {
    checkInode(this.self)
    let before = ''
    let at = this.#table + 4 * this.count
    for (let i = 0; i < this.count; i++) {
      if (this.#offset(i) !== at) throw new RangeError('a gap between two names')
      const { entry, end } = this.#read(at)
      checkEntry(entry)
      if (entry.name <= before) throw new RangeError('names out of order')
      before = entry.name
      at = end
    }
    if (at !== this.#bytes.length) throw new RangeError('bytes behind the last name')
  }

  #read(offset: number): { readonly entry: PageEntry; readonly end: number } {
    const bytes = this.#bytes
    const nameEnd = offset + 2 + bytes.readUInt16LE(offset)
    const { attributes, end } = readAttributes(bytes, nameEnd)
    const targetEnd = end + 2 + bytes.readUInt16LE(end)
    const inlineLength = bytes.readUInt32LE(targetEnd)
    const inlineAt = targetEnd + 4
    const hasTarget = attributes.type === 'symlink' || targetEnd > end + 2
    const hasInline = inlineLength !== NO_INLINE
    const entryEnd = inlineAt + (hasInline ? inlineLength : 0)
    const entry: PageEntry = {
      name: bytes.toString('latin1', offset + 2, nameEnd),
      attributes,
      target: hasTarget ? bytes.toString('latin1', end + 2, targetEnd) : undefined,
      inline: hasInline ? bytes.subarray(inlineAt, entryEnd) : undefined,
    }
    return { entry, end: entryEnd }
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
  const page = new Page(bytes)
  try {
    page.check()
  } catch (cause) {
    throw new PotluckError('MALFORMED', 'a directory page is damaged', { cause })
  }
}

function checkEntry({ name, attributes, target, inline }: PageEntry): void {
  if (!isName(name)) throw new RangeError('not a name')
  checkInode(attributes)
  const { type, size } = attributes
  if (target !== undefined && (type !== 'symlink' || target.length > TARGET_BYTES_MAX)) {
    throw new RangeError('not the target of a link')
  }
  if (inline !== undefined && (type !== 'file' || inline.length !== size)) {
    throw new RangeError('not the bytes of a file')
  }
}

function checkInode({ inode }: Attributes): void {
  if (!INODE.test(inode)) throw new RangeError('not an inode')
}

export function isName(name: Name): boolean {
  if (name.length === 0 || name.length > NAME_BYTES_MAX) return false
  return name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0')
}

function entryLength(entry: PageEntry): number {
  const texts = entry.name.length + (entry.target?.length ?? 0)
  return 2 + texts + attributesLength(entry.attributes) + 2 + 4 + (entry.inline?.length ?? 0)
}

function writeEntry(to: Buffer, offset: number, entry: PageEntry): number {
  let at = to.writeUInt16LE(entry.name.length, offset)
  at += to.write(entry.name, at, 'latin1')
  at = writeAttributes(to, at, entry.attributes)
  at = to.writeUInt16LE(entry.target?.length ?? 0, at)
  at += to.write(entry.target ?? '', at, 'latin1')
  at = to.writeUInt32LE(entry.inline?.length ?? NO_INLINE, at)
  if (entry.inline !== undefined) to.set(entry.inline, at)
  return at + (entry.inline?.length ?? 0)
}
