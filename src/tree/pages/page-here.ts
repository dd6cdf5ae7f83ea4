// Directory pages as blocks: how one is asked for, and what those that are here already answer.
import type { Block, Inode, Name, Stamp, Want } from '../../ports/messages.ts'
import type { Asked } from '../../fetch/verify.ts'
import { isSameContent } from '../../block/version.ts'
import { Page, partOf } from '../../wire/page.ts'
import type { InodeRecord } from '../inode-record.ts'

/** No file larger than this can be in a page, so none is looked for. */
const INLINE_LOOK_MAX = 256 * 1024

/** Which page of a directory, and what of it; see `Want`. */
export type PagePart = {
  readonly index: number
  readonly splits: number
  readonly name?: Name | undefined
}

export type PageShelf = {
  readonly volume: string
  /** A block that is here already. */
  readonly peek: (asked: Asked) => Block | undefined
}

export type PagePlace = {
  readonly volume: string
  readonly directory: InodeRecord
  readonly part: PagePart
}

/** What is asked for by whoever wants a page: that it is here already can be told by this alone. */
export function pageAsked({ volume, directory, part }: PagePlace, floor: Stamp): Asked {
  const { index, splits, name } = part
  const { inode } = directory
  return { volume, kind: 'page', inode, index, splits, name, floor, version: 0 }
}

export function pageWant(place: PagePlace, floor: Stamp): Want {
  return { ...pageAsked(place, floor), path: place.directory.path(), reach: 'climb' }
}

/** The whole file, where it came with its directory's page and that page is still here. */
export function inlineOf(shelf: PageShelf, record: InodeRecord): Uint8Array | undefined {
  const { parent, name, attributes } = record
  if (parent === undefined || attributes === undefined || attributes.size > INLINE_LOOK_MAX) {
    return undefined
  }
  const entry = pageHere(shelf, parent, name)?.find(name)
  if (entry?.attributes.inode !== record.inode) return undefined
  return isSameContent(entry.attributes, attributes) ? entry.inline : undefined
}

/** The inodes that the same page knows as a name's, if it is here. */
export function inodesBeside(shelf: PageShelf, directory: InodeRecord, name: Name): Inode[] {
  const page = pageHere(shelf, directory, name)
  return page === undefined ? [] : Array.from(page, ({ attributes }) => attributes.inode)
}

function pageHere(shelf: PageShelf, directory: InodeRecord, name: Name): Page | undefined {
  const { volume, peek } = shelf
  const head = peek(pageAsked({ volume, directory, part: { index: 0, splits: 0, name } }, 0))
  if (head === undefined) return undefined
  const page = Page.of(head.bytes)
  const { splits } = page
  if (splits === 0) return page
  const index = partOf(name, splits)
  const part = peek(pageAsked({ volume, directory, part: { index, splits, name } }, 0))
  return part === undefined ? undefined : Page.of(part.bytes)
}
