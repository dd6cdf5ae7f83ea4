// The shared objects that an object needs. A loader opens one, reads which others it needs, looks for each,
// opens it, and so on down: a chain of latencies as deep as the libraries are stacked. Whoever reads
// the same few bytes first finds them all beside one another.
//
// They are looked for as the loader does: where the object says, which for what was built to be moved is
// relative to itself; and beside those that were found already, since `LD_LIBRARY_PATH` is not known
// here. It must never leave the volume, nor follow what a trace knows better.
import type { Inode, Name, Path, Want } from '../../ports/messages.ts'
import type { Counters } from '../../base/counters.ts'
import type { BlockResult } from '../../file/open-file.ts'
import type { Prefetches } from '../../heat/prefetches.ts'
import { type ByteRange, splitPath } from '../../heat/trace.ts'
import type { InodeRecord } from '../../tree/inode-record.ts'
import { isName } from '../../wire/page-entry.ts'
import { type Needed, neededBy } from './elf.ts'
import { blocksOf, resolvePath, TreeAhead, type TreeAheadInit } from './tree-ahead.ts'

/** Objects that were looked into, all programs together, before all are forgotten. */
const OBJECTS_KEPT = 8_192
/** Objects whose first bytes are under way at a time. */
const UNDERWAY_MAX = 64
/** Directories in which objects were found last. */
const DIRECTORIES_KEPT = 8
/** Up to this size an object is fetched whole; of a larger one just what its loader looks at first. */
const WHOLE_BYTES = 8 * 1024 * 1024
/** `libz.so`, `libz.so.1.3`, `_ssl.cpython-312-x86_64-linux-gnu.so` */
const OBJECT = /\.so(\.\d+)*$/
const ORIGIN = /^\$(?:ORIGIN|\{ORIGIN\})(?=\/|$)/

export type LinkedObjectsInit = TreeAheadInit & {
  readonly counters: Counters
  readonly prefetches: Prefetches
  /** Like a program's own read, which is likely to ask for the same. */
  readonly bring: (want: Want) => Promise<BlockResult>
  /** Whether a trace that is being followed has this path; absent where none ever is. */
  readonly isKnown: ((path: Path) => boolean) | undefined
}

export class LinkedObjects {
  readonly #init: LinkedObjectsInit
  readonly #seen = new Set<Inode>()
  /** The newest last. */
  readonly #directories = new Set<Path>()
  #underway = 0

  constructor(init: LinkedObjectsInit) {
    this.#init = init
  }

  /** Bytes of a file were asked for. */
  read(file: InodeRecord): void {
    if (this.#seen.has(file.inode) || !OBJECT.test(file.name)) return
    const path = file.path()
    if (this.#init.isKnown?.(path) === true) return
    const ahead = new TreeAhead(this.#init)
    const follow = async () => this.#follow(ahead, await ahead.file(path))
    follow().catch(() => {
      // A hint that came to nothing: who needs the objects for real is told why.
      this.#init.counters.add('linked_objects_failed_total')
    })
  }

  /** Looks into an object, and fetches and looks into all that it needs. */
  async #follow(ahead: TreeAhead, object: InodeRecord): Promise<void> {
    if (this.#seen.has(object.inode) || this.#underway >= UNDERWAY_MAX) return
    if (this.#seen.size >= OBJECTS_KEPT) this.#seen.clear()
    this.#seen.add(object.inode)
    const { directory } = splitPath(object.path())
    this.#found(directory)
    const { names, directories } = await this.#neededBy(object)
    const places = directories.flatMap((text) => placeOf(text, directory) ?? [])
    const searched = new Set([...places, ...[...this.#directories].toReversed()])
    await Promise.all(names.map((name) => this.#look(ahead, name, searched)))
  }

  async #neededBy(object: InodeRecord): Promise<Needed> {
    this.#underway += 1
    try {
      return await neededBy((from, length) => this.#bytes(object, { from, to: from + length }))
    } finally {
      this.#underway -= 1
    }
  }

  async #look(ahead: TreeAhead, name: Name, searched: ReadonlySet<Path>): Promise<void> {
    if (!isName(name)) return
    for (const directory of searched) {
      const path = directory === '' ? name : `${directory}/${name}`
      const object = await ahead.file(path).catch(() => undefined)
      if (object?.attributes?.type !== 'file') continue
      if (this.#seen.has(object.inode) || this.#init.isKnown?.(path) === true) return
      const { blocks, isWhole } = blocksOf(this.#init, object, [{ from: 0, to: WHOLE_BYTES }])
      if (isWhole) for (const { want } of blocks) this.#init.prefetches.offer(want)
      await this.#follow(ahead, object)
      return
    }
  }

  #found(directory: Path): void {
    this.#directories.delete(directory)
    this.#directories.add(directory)
    const [oldest] = this.#directories
    if (oldest !== undefined && this.#directories.size > DIRECTORIES_KEPT) {
      this.#directories.delete(oldest)
    }
  }

  async #bytes(object: InodeRecord, range: ByteRange): Promise<Uint8Array> {
    const { blockBytes, tree } = this.#init
    const inline = tree.inlineOf(object)
    if (inline !== undefined) return inline.subarray(range.from, range.to)
    const { blocks } = blocksOf(this.#init, object, [range])
    const parts = await Promise.all(blocks.map(({ want }) => this.#block(want)))
    const start = range.from - (range.from % blockBytes)
    const [only] = parts
    // Nearly always the bytes lie in one block, which is too large to be copied for a few of them.
    const bytes = only !== undefined && parts.length === 1 ? only : Buffer.concat(parts)
    return bytes.subarray(range.from - start, range.to - start)
  }

  async #block(want: Want): Promise<Uint8Array> {
    const brought = await this.#init.bring(want)
    return brought.type === 'bytes' ? brought.bytes : new Uint8Array()
  }
}

/** A directory of the volume that an object's search path names; undefined where it is elsewhere. */
function placeOf(text: string, origin: Path): Path | undefined {
  return ORIGIN.test(text) ? resolvePath(origin, text.replace(ORIGIN, '.')) : undefined
}
