// Directory pages as blocks: how one is asked for, and what those that are here already answer.
import type { Name, Stamp, Want } from '../ports/messages.ts'
import { isSameContent } from '../block/version.ts'
import { Page, partOf } from '../wire/page.ts'
import type { InodeRecord } from './inode-table.ts'

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
  /** The bytes of a block that is here already. */
  readonly peek: (want: Want) => Uint8Array | undefined
}

export function pageWant(
  volume: string,
  directory: InodeRecord,
  part: PagePart & { readonly floor: Stamp },
): Want {
  const { inode } = directory
  return {
    volume,
    kind: 'page',
    inode,
    ...part,
    path: directory.path(),
    version: 0,
    reach: 'climb',
  }
}

/** The whole file, where it came with its directory's page and that page is still here. */
export function inlineOf(shelf: PageShelf, record: InodeRecord): Uint8Array | undefined {
  const link = record.links.at(-1)
  const { attributes } = record
  if (link === undefined || attributes === undefined || attributes.size > INLINE_LOOK_MAX) {
    return undefined
  }
  const entry = pageHere(shelf, link.parent, link.name)?.find(link.name)
  if (entry?.attributes.inode !== record.inode) return undefined
  return isSameContent(entry.attributes, attributes) ? entry.inline : undefined
}

function pageHere(shelf: PageShelf, directory: InodeRecord, name: Name): Page | undefined {
  const { volume, peek } = shelf
  const head = peek(pageWant(volume, directory, { index: 0, splits: 0, floor: 0, name }))
  if (head === undefined) return undefined
  const page = Page.of(head)
  const { splits } = page
  if (splits === 0) return page
  const part = peek(
    pageWant(volume, directory, { index: partOf(name, splits), splits, floor: 0, name }),
  )
  return part === undefined ? undefined : Page.of(part)
}
