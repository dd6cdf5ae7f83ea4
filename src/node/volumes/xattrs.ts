// The extended attributes of a volume's inodes, those of one inode as one block. A kernel that asks for
// access control lists does so for one file after another, before it opens each: so where any were
// asked for, those of a file that is fetched ahead come ahead too.
import type { Block, Name, Want } from '../../ports/messages.ts'
import type { Prefetches } from '../../heat/prefetches.ts'
import type { InodeRecord } from '../../tree/inode-record.ts'
import type { Tree } from '../../tree/tree.ts'
import { decodeXattrs } from '../../wire/xattrs.ts'

type Options = { readonly signal?: AbortSignal | undefined }

export type XattrsInit = {
  /** Its name with its block size, as wants have it. */
  readonly volume: string
  readonly tree: Tree
  readonly prefetches: Prefetches
  readonly held: (want: Want) => Pick<Block, 'bytes'> | undefined
  readonly bring: (want: Want, options: Options) => Promise<Pick<Block, 'bytes'>>
}

export class Xattrs {
  readonly #init: XattrsInit
  #wereAskedFor = false

  constructor(init: XattrsInit) {
    this.#init = init
  }

  /** @throws PotluckError ENOTSUP where the source has none, and what fetching failed with */
  async of(record: InodeRecord, options: Options): Promise<ReadonlyMap<Name, Uint8Array>> {
    const { prefetches, held, bring } = this.#init
    this.#wereAskedFor = true
    const want = this.#wantOf(record)
    prefetches.used(want)
    const { bytes } = held(want) ?? (await bring(want, options))
    return decodeXattrs(bytes)
  }

  /** A file is fetched ahead of who is going to open it. */
  ahead(record: InodeRecord): void {
    if (this.#wereAskedFor) this.#init.prefetches.offer(this.#wantOf(record))
  }

  #wantOf(record: InodeRecord): Want {
    const { volume, tree } = this.#init
    const { inode } = record
    // They have no version of their own: as old as attributes may be, they may be.
    const { freshness, told } = tree
    const floor = Math.max(freshness.floor(inode), told.inodes.find(inode)?.stamp ?? 0)
    const at = { volume, kind: 'xattrs', inode, index: 0, splits: 0 } as const
    return { ...at, path: record.path(), version: 0, floor, reach: 'climb' }
  }
}
