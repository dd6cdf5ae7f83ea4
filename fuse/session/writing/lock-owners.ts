// Whose locks hang on which handle. The kernel tells of a close by a program that has locks (FLUSH,
// with its owner); of the end of an open file, whose own locks fcntl(2) calls open file description
// locks, it tells no owner, and of the end of a mount nothing at all. So owners are noted when they
// lock, and what they hold is dropped with the file.
//
// An open file's number as an owner is its address: the next file that is opened may have it again,
// before what the one before it held is dropped. A drop that came after the next lock would drop that
// one; so an owner locks nothing while something of it is being dropped.
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
  readonly #dropping = new Map<string, Promise<unknown>>()

  has(handle: number): boolean {
    return this.#held.has(handle)
  }

  onLock(handle: number, nodeid: Nodeid, { kind, isFlock, owner }: LockRange): void {
    if (kind === 'none') return
    const held = this.#held.get(handle) ?? new Map<string, Held>()
    this.#held.set(handle, held)
    held.set(keyOf(owner, isFlock), { nodeid, owner, isFlock })
  }

  /** All of it is being let go; `dropped` may reject. */
  dropping(held: Held, dropped: Promise<void>): void {
    const name = nameOf(held)
    const settled = Promise.allSettled([dropped, this.#dropping.get(name)]).then(() => {
      if (this.#dropping.get(name) === settled) this.#dropping.delete(name)
    })
    this.#dropping.set(name, settled)
  }

  /** Resolves when nothing of it is being let go any more. */
  async whenDropped(held: Held): Promise<void> {
    await this.#dropping.get(nameOf(held))
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

function nameOf({ nodeid, owner, isFlock }: Held): string {
  return `${nodeid} ${keyOf(owner, isFlock)}`
}

function keyOf(owner: bigint, isFlock: boolean): string {
  return `${owner}${isFlock ? 'f' : ''}`
}
