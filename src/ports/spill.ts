import type { Block, Key } from './messages.ts'

/** What outlives this process of what its RAM held: a cache on a local disk, behind the shard. */
export interface Spill {
  /** Keeps a block of a file's data, sooner or later; what there is no time or room for is not kept. */
  keep(key: Key, block: Block): void

  /** A block that was kept, unless it was damaged or has made room for others. */
  find(key: Key): Promise<Block | undefined>
}
