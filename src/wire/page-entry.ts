// One name of a directory page, with what is known of it; `page.ts` says how the bytes lie.
import type { Attributes, FileType, Name } from '../ports/messages.ts'
import { attributesLength, FILE_TYPES, attributesAt, putAttributes } from './attributes.ts'

/** In place of a bare name's type. */
const FULL = 0xff
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

/** A name that the page has, and whose attributes nobody has looked at. */
export type BareEntry = {
  readonly name: Name
  readonly type: FileType
  readonly attributes?: undefined
}

/** @throws RangeError where the bytes end too early or a field is out of range */
export function readEntry(
  bytes: Buffer,
  offset: number,
): { readonly entry: PageEntry | BareEntry; readonly end: number } {
  const nameEnd = offset + 2 + bytes.readUInt16LE(offset)
  const name = nameAt(bytes, offset)
  const mark = bytes.readUInt8(nameEnd)
  if (mark !== FULL) return { entry: { name, type: typeOf(mark) }, end: nameEnd + 1 }
  const { attributes, end } = attributesAt(bytes, nameEnd + 1)
  const targetEnd = end + 2 + bytes.readUInt16LE(end)
  const inlineLength = bytes.readUInt32LE(targetEnd)
  const inlineAt = targetEnd + 4
  const hasTarget = attributes.type === 'symlink' || targetEnd > end + 2
  const hasInline = inlineLength !== NO_INLINE
  const entryEnd = inlineAt + (hasInline ? inlineLength : 0)
  const entry: PageEntry = {
    name,
    attributes,
    target: hasTarget ? bytes.toString('latin1', end + 2, targetEnd) : undefined,
    inline: hasInline ? bytes.subarray(inlineAt, entryEnd) : undefined,
  }
  return { entry, end: entryEnd }
}

/** @throws RangeError where the bytes end too early */
export function nameAt(bytes: Buffer, offset: number): Name {
  return bytes.toString('latin1', offset + 2, offset + 2 + bytes.readUInt16LE(offset))
}

/** @throws RangeError where it is none that a page may have */
export function checkEntry(entry: PageEntry | BareEntry): void {
  if (!isName(entry.name)) throw new RangeError('not a name')
  if (entry.attributes === undefined) return
  const { attributes, target, inline } = entry
  checkInode(attributes)
  const { type, size } = attributes
  if (target !== undefined && (type !== 'symlink' || target.length > TARGET_BYTES_MAX)) {
    throw new RangeError('not the target of a link')
  }
  if (inline !== undefined && (type !== 'file' || inline.length !== size)) {
    throw new RangeError('not the bytes of a file')
  }
}

export function checkInode({ inode }: Attributes): void {
  if (!INODE.test(inode)) throw new RangeError('not an inode')
}

export function isName(name: Name): boolean {
  if (name.length === 0 || name.length > NAME_BYTES_MAX) return false
  return name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0')
}

function typeOf(mark: number): FileType {
  const type = FILE_TYPES[mark]
  if (type === undefined) throw new RangeError('no such file type')
  return type
}

/** Bytes that `writeEntry` takes. */
export function entryLength(entry: PageEntry | BareEntry): number {
  if (entry.attributes === undefined) return 2 + entry.name.length + 1
  const texts = entry.name.length + (entry.target?.length ?? 0)
  return 3 + texts + attributesLength(entry.attributes) + 2 + 4 + (entry.inline?.length ?? 0)
}

/** Returns the offset behind what was written. */
export function writeEntry(to: Buffer, offset: number, entry: PageEntry | BareEntry): number {
  let at = to.writeUInt16LE(entry.name.length, offset)
  at += to.write(entry.name, at, 'latin1')
  if (entry.attributes === undefined) return to.writeUInt8(FILE_TYPES.indexOf(entry.type), at)
  at = to.writeUInt8(FULL, at)
  at = putAttributes(to, at, entry.attributes)
  at = to.writeUInt16LE(entry.target?.length ?? 0, at)
  at += to.write(entry.target ?? '', at, 'latin1')
  at = to.writeUInt32LE(entry.inline?.length ?? NO_INLINE, at)
  if (entry.inline !== undefined) to.set(entry.inline, at)
  return at + (entry.inline?.length ?? 0)
}
