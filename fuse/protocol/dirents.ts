// Directory entries as READDIR and READDIRPLUS carry them: each padded to 8 bytes.
import type { DirectoryEntry, Entry } from '../../src/volume/volume.ts'
import { direntType, ENTRY_BYTES, type InodeNumber, writeEntryOut } from './attributes.ts'
import type { Writer } from './writer.ts'

const DIRENT_NAME_OFFSET = 24

/** What libfuse says, too, where only the names are known; 0 would hide the entry. */
const UNKNOWN_INODE = 0xffff_ffffn

/** One entry of a page. `entry` makes it a READDIRPLUS entry; undefined there for '.' and '..'. */
export type ListedEntry = { readonly dirent: DirectoryEntry; readonly entry?: Entry }

/** Bytes that one entry takes. */
export function direntBytes(name: string, plus: boolean): number {
  const padded = (DIRENT_NAME_OFFSET + name.length + 7) & ~7
  return plus ? ENTRY_BYTES + padded : padded
}

type Page = {
  readonly entries: readonly ListedEntry[]
  readonly plus: boolean
  readonly inodeNumber: InodeNumber
}

/** Writes a whole page. @returns the offset behind it */
export function writeDirents(out: Writer, start: number, page: Page): number {
  const { plus, inodeNumber } = page
  let at = start
  for (const { dirent, entry } of page.entries) {
    const end = at + direntBytes(dirent.name, plus)
    out.zero(at, end)
    if (plus) {
      if (entry !== undefined) writeEntryOut(out, at, { entry, inodeNumber })
      at += ENTRY_BYTES
    }
    writeDirent(out, at, { dirent, inodeNumber })
    at = end
  }
  return at
}

function writeDirent(
  out: Writer,
  at: number,
  { dirent, inodeNumber }: { dirent: DirectoryEntry; inodeNumber: InodeNumber },
): void {
  const { attributes } = dirent
  out.bigU64(at, attributes === undefined ? UNKNOWN_INODE : inodeNumber(attributes.inode))
  out.u64(at + 8, dirent.nextOffset)
  out.u32(at + 16, dirent.name.length)
  out.u32(at + 20, direntType(attributes === undefined ? dirent.type : attributes.type))
  out.byteString(at + DIRENT_NAME_OFFSET, dirent.name)
}
