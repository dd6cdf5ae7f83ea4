// What is read next where nothing is known: the files that lie beside those that were just read. A
// package is read file by file out of one directory, and its files are of one kind: so what ends as they
// end is fetched, once enough of them were read. The more such files there are, the more must have been.
//
// It must never fetch what is large, nor anything of a directory that is: such are not read whole.
import type { Inode, Name, Path } from '../ports/messages.ts'
import { NAMES_ONLY } from '../ports/messages.ts'
import type { Counters } from '../base/counters.ts'
import type { Prefetches } from '../heat/prefetches.ts'
import { splitPath } from '../heat/trace.ts'
import type { InodeRecord } from '../tree/inode-record.ts'
import { TreeAhead, type TreeAheadInit } from './tree-ahead.ts'

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
const FILES_KEPT = 65_536
const KINDS_KEPT = 8_192

export type NeighboursInit = TreeAheadInit & {
  readonly counters: Counters
  readonly prefetches: Prefetches
  /** Whether a trace that is being followed has this path. */
  readonly isKnown: (path: Path) => boolean
}

export class Neighbours {
  readonly #init: NeighboursInit
  readonly #seen = new Set<Inode>()
  /** How many files of one directory and ending were read; Infinity where nothing is left to do. */
  readonly #kinds = new Map<Path, number>()

  constructor(init: NeighboursInit) {
    this.#init = init
  }

  /** A directory was listed: who lists one looks at what is in it, and reads what it finds. */
  listed(directory: InodeRecord): void {
    if (this.#seen.has(directory.inode)) return
    if (this.#seen.size >= FILES_KEPT) this.#seen.clear()
    this.#seen.add(directory.inode)
    const path = directory.path()
    if (this.#init.isKnown(path)) return
    this.#whole(path).catch(() => {
      this.#init.counters.add('neighbours_failed_total')
    })
  }

  async #whole(path: Path): Promise<void> {
    const { tree } = this.#init
    const place = await new TreeAhead(this.#init).directory(path)
    const { page } = await tree.page(place, { index: 0, splits: 0, name: NAMES_ONLY })
    if (page.splits === 0 && page.count <= LISTED_MAX) {
      await tree.page(place, { index: 0, splits: 0 })
    }
  }

  /** Bytes of a file were asked for. */
  read(file: InodeRecord): void {
    if (this.#seen.has(file.inode)) return
    if (this.#seen.size >= FILES_KEPT) this.#seen.clear()
    this.#seen.add(file.inode)
    // It is empty, or came with its page: it cost nobody anything.
    if (file.attributes?.size === 0 || this.#init.tree.inlineOf(file) !== undefined) return
    const path = file.path()
    // Who follows a trace knows better what lies beside what it has.
    if (this.#init.isKnown(path)) return
    const { directory, name } = splitPath(path)
    const ending = endingOf(name)
    if (ending === undefined) return
    const kind = `${directory}/*${ending}`
    const read = (this.#kinds.get(kind) ?? 0) + 1
    if (this.#kinds.size >= KINDS_KEPT) this.#kinds.clear()
    this.#kinds.set(kind, read)
    if (read > NAMES_MAX) return
    this.#consider({ directory, ending, kind, read }).catch(() => {
      // A hint that came to nothing: who needs the files for real is told why.
      this.#init.counters.add('neighbours_failed_total')
    })
  }

  async #consider(found: {
    readonly directory: Path
    readonly ending: string
    readonly kind: Path
    readonly read: number
  }): Promise<void> {
    const { directory, ending, kind, read } = found
    const { tree, blockBytes, prefetches } = this.#init
    const ahead = new TreeAhead(this.#init)
    const place = await ahead.directory(directory)
    const { page } = await tree.page(place, { index: 0, splits: 0, name: NAMES_ONLY })
    const names = [...page.all()].filter(({ name }) => endingOf(name) === ending)
    const [, needed] = EVIDENCE.find(([siblings]) => names.length <= siblings) ?? []
    if (page.splits > 0 || page.count > NAMES_MAX || needed === undefined) {
      return void this.#kinds.set(kind, Infinity)
    }
    if (read !== needed) return
    // All of them with attributes: one round for the storage, where each by itself would be one.
    const whole = await tree.page(place, { index: 0, splits: 0 })
    let bytes = 0
    for (const { name, attributes } of whole.page) {
      const { size, type, inode } = attributes
      // Its reader fetches it.
      if (this.#seen.has(inode)) continue
      if (type !== 'file' || endingOf(name) !== ending || size === 0 || size > blockBytes) continue
      bytes += size
      if (bytes > BYTES_MAX) return
      const path = directory === '' ? name : `${directory}/${name}`
      const ranges = [{ from: 0, to: size }]
      const { blocks } = await ahead.resolve({ path, ranges, isListed: false })
      for (const { want } of blocks) prefetches.offer(want)
    }
  }
}

/** From the last dot on; undefined where there is none. */
function endingOf(name: Name): string | undefined {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(dot) : undefined
}
