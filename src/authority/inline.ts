// Small files' bytes in their directory's page: one operation less for whoever reads them.
import type { Path } from '../ports/messages.ts'
import type { Source, SourceEntry } from '../ports/source.ts'
import { versionOf } from '../block/version.ts'
import type { PageEntry } from '../wire/page-entry.ts'

/** All small files of one page together carry at most this many bytes. */
const INLINE_BYTES_A_PAGE = 256 * 1024

export type InlineInit = {
  readonly source: Source
  /** Files up to this size travel in their directory's page; 0 for none. */
  readonly inlineBytes: number
}

export type Inline = (entries: readonly SourceEntry[]) => Promise<PageEntry[]>

/** Adds the bytes of small files to entries of one page, as many as the page has room for. */
export function inlining({ source, inlineBytes }: InlineInit, directory: Path): Inline {
  let room = INLINE_BYTES_A_PAGE
  return (entries) =>
    Promise.all(
      entries.map(async (entry) => {
        const { size, type } = entry.attributes
        const isSmall = type === 'file' && size > 0 && size <= inlineBytes
        if (!isSmall || size > room) return entry
        room -= size
        return readInline(source, directory, entry)
      }),
    )
}

async function readInline(source: Source, directory: Path, entry: SourceEntry): Promise<PageEntry> {
  const path = directory === '' ? entry.name : `${directory}/${entry.name}`
  const { inode, size } = entry.attributes
  try {
    const range = { inode, from: 0, length: size }
    const { attributes, bytes } = await source.read(path, range)
    const isSame = versionOf(attributes) === versionOf(entry.attributes)
    return isSame && bytes.length === size ? { ...entry, inline: bytes } : entry
  } catch {
    // The page does not depend on it: whoever opens the file gets the error, or the bytes.
    return entry
  }
}
