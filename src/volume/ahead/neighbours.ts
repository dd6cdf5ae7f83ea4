// What is read next where nothing is known: the files that lie beside those that were just read. A
// package is read file by file out of one directory, and its files are of one kind: so what ends as they
// end is fetched, once enough of them were read. The more such files there are, the more must have been.
//
// It must never fetch what is large, nor anything of a directory that is: such are not read whole.
import type { Inode, Name, Path } from '../../ports/messages.ts'
import { NAMES_ONLY } from '../../ports/messages.ts'
import type { Counters } from '../../base/counters.ts'
import type { Prefetches } from '../../heat/prefetches.ts'
import { InodeRecord } from '../../tree/inode-record.ts'
import type { Page } from '../../wire/page.ts'
import { blocksOf, recordOf, type TreeAheadInit } from './tree-ahead.ts'

/** Of larger directories nobody reads all. */
const NAMES_MAX = 128
/** Who lists a directory of so many names is thought to look at them all. */
const LISTED_MAX = 32
/** So many files beside it of the same kind at most, and so many must have been read. */
const EVIDENCE: readonly (readonly [siblings: number, read: number])[] = [
  [16, 1],
  [48, 2],
  [NAMES_MAX, 4],
]
/** Of all of them together. */
const BYTES_MAX = 8 * 1024 * 1024
const SEEN_KEPT = 65_536
const KINDS_KEPT = 8_192

export type NeighboursInit = TreeAheadInit & {
  readonly counters: Counters
  readonly prefetches: Prefetches
  /** Whether a trace that is being followed has this path; absent where none ever is. */
  readonly isKnown: ((path: Path) => boolean) | undefined
}

/** The files of one directory and ending. */
type Kind = {
  /** How many of them were read. */
  read: number
  /** So many must have been; undefined while nobody has counted the names, Infinity: never, or done. */
  needed: number | undefined
}

type Place = { readonly directory: InodeRecord; readonly ending: string; readonly kind: Kind }

export class Neighbours {
  readonly #init: NeighboursInit
  readonly #seen = new Set<Inode>()
  /** By the directory's inode and the ending. */
  readonly #kinds = new Map<string, Kind>()

  constructor(init: NeighboursInit) {
    this.#init = init
  }

  /** A directory was listed: who lists one looks at what is in it, and reads what it finds. */
  listed(directory: InodeRecord): void {
    if (!this.#isFirst(directory)) return
    if (this.#init.isKnown?.(directory.path()) === true) return
    this.#whole(InodeRecord.copyOf(directory)).catch(() => {
      this.#init.counters.add('neighbours_failed_total')
    })
  }

  async #whole(place: InodeRecord): Promise<void> {
    const { tree } = this.#init
    const { page } = await tree.page(place, { index: 0, splits: 0, name: NAMES_ONLY })
    if (page.splits === 0 && page.count <= LISTED_MAX) {
      await tree.page(place, { index: 0, splits: 0 })
    }
  }

  /** Bytes of a file were asked for. */
  read(file: InodeRecord): void {
    if (!this.#isFirst(file)) return
    // It is empty, or came with its page: it cost nobody anything.
    if (file.attributes?.size === 0 || this.#init.tree.inlineOf(file) !== undefined) return
    // Who follows a trace knows better what lies beside what it has.
    if (this.#init.isKnown?.(file.path()) === true) return
    const { parent } = file
    const ending = endingOf(file.name)
    if (ending === undefined || parent === undefined) return
    const kind = this.#kindOf(`${parent.inode}/*${ending}`)
    kind.read += 1
    if (kind.needed !== undefined && kind.read < kind.needed) return
    this.#consider({ directory: InodeRecord.copyOf(parent), ending, kind }).catch(() => {
      // A hint that came to nothing: who needs the files for real is told why.
      this.#init.counters.add('neighbours_failed_total')
    })
  }

  /** Nothing of it was asked for before, as far as is remembered. */
  #isFirst({ inode }: InodeRecord): boolean {
    if (this.#seen.has(inode)) return false
    if (this.#seen.size >= SEEN_KEPT) this.#seen.clear()
    this.#seen.add(inode)
    return true
  }

  #kindOf(name: string): Kind {
    const known = this.#kinds.get(name)
    if (known !== undefined) return known
    if (this.#kinds.size >= KINDS_KEPT) this.#kinds.clear()
    const kind = { read: 0, needed: undefined }
    this.#kinds.set(name, kind)
    return kind
  }

  async #consider(found: Place): Promise<void> {
    const { directory, kind } = found
    const { tree } = this.#init
    if (kind.needed === undefined) {
      const { page } = await tree.page(directory, { index: 0, splits: 0, name: NAMES_ONLY })
      kind.needed = neededOf(page, found.ending)
    }
    if (kind.read < kind.needed) return
    kind.needed = Infinity
    // All of them with attributes: one round for the storage, where each by itself would be one.
    const { page } = await tree.page(directory, { index: 0, splits: 0 })
    this.#offer(found, page)
  }

  #offer({ directory, ending }: Place, page: Page): void {
    const { blockBytes, prefetches } = this.#init
    let bytes = 0
    for (let i = 0; i < page.count; i++) {
      if (endingOf(page.nameAt(i)) !== ending) continue
      const entry = page.at(i)
      if (entry.attributes === undefined) continue
      const { size, type, inode } = entry.attributes
      // Its reader fetches it.
      if (this.#seen.has(inode)) continue
      if (type !== 'file' || size === 0 || size > blockBytes) continue
      bytes += size
      if (bytes > BYTES_MAX) return
      const { blocks } = blocksOf(this.#init, recordOf(directory, entry), [{ from: 0, to: size }])
      for (const { want } of blocks) prefetches.offer(want)
    }
  }
}

/** From the last dot on; undefined where there is none. */
function endingOf(name: Name): string | undefined {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(dot) : undefined
}

/** How many files of an ending must have been read; Infinity where no number would do. */
function neededOf(page: Page, ending: string): number {
  if (page.splits > 0 || page.count > NAMES_MAX) return Infinity
  let siblings = 0
  for (let i = 0; i < page.count; i++) if (endingOf(page.nameAt(i)) === ending) siblings += 1
  const [, needed] = EVIDENCE.find(([most]) => siblings <= most) ?? []
  return needed ?? Infinity
}
