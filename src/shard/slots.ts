import assert from 'node:assert/strict'
import type { Block, Identity, Key } from '../ports/messages.ts'

export type Slot = {
  block: Block
  readonly of: Identity
  frequency: number
  size: number
  isGuest: boolean
  /** Kept for another home, as if this were it. */
  isAdopted: boolean
}

/** A Map iterates in the order of insertion, which makes it a queue that can be looked up. */
export type Queue = Map<Key, Slot>

export function oldest(queue: Queue): [Key, Slot] {
  const first = queue.entries().next()
  assert(first.done !== true, 'an eviction from an empty shard')
  return first.value
}

/** A slice of a larger buffer would keep all of that buffer alive: such bytes get a home of their own. */
export function compact(block: Block): Block {
  const { bytes } = block
  if (bytes.buffer.byteLength - bytes.length <= bytes.length >> 3) return block
  return { ...block, bytes: new Uint8Array(bytes) }
}

/** The same of a want, without what else it says: that, too, would be kept alive. */
export function identityOf({ volume, kind, inode, index, splits }: Identity): Identity {
  return { volume, kind, inode, index, splits }
}
