// Whose locks hang on which handle. The kernel tells of a close by a program that has locks (FLUSH,
// with its owner); of the end of an open file, whose own locks fcntl(2) calls open file description
// locks, it tells no owner, and of the end of a mount nothing at all. So owners are noted when they
// lock, and what they hold is dropped with the file.
import type { LockRange } from '../../../src/ports/changes.ts'
import type { Nodeid } from '../../../src/volume/volume.ts'

/** All that an owner has locked of an inode, in one of the two ways. */
export type Held = {
  readonly nodeid: Nodeid
  readonly owner: bigint
  /** flock(2)'s locks and fcntl(2)'s are apart. */
  readonly isFlock: boolean
}

export class LockOwners {
  readonly #held = new Map<number, Map<string, Held>>()

  has(handle: number): boolean {
    return this.#held.has(handle)
  }

  onLock(handle: number, nodeid: Nodeid, { kind, isFlock, owner }: LockRange): void {
    if (kind === 'none') return
    const held = this.#held.get(handle) ?? new Map<string, Held>()
    this.#held.set(handle, held)
    held.set(keyOf(owner, isFlock), { nodeid, owner, isFlock })
  }

  /** A program's close has dropped all that it had locked of the file by fcntl(2). */
  onFlush(handle: number, owner: bigint): void {
    const held = this.#held.get(handle)
    held?.delete(keyOf(owner, false))
    if (held?.size === 0) this.#held.delete(handle)
  }

  /** @returns what may still be locked by a handle that is over */
  onRelease(handle: number): readonly Held[] {
    const held = this.#held.get(handle)
    this.#held.delete(handle)
    return held === undefined ? [] : [...held.values()]
  }

  /** The same of all handles. */
  onClose(): readonly Held[] {
    return [...this.#held.keys()].flatMap((handle) => this.onRelease(handle))
  }
}

function keyOf(owner: bigint, isFlock: boolean): string {
  return `${owner}${isFlock ? 'f' : ''}`
}
