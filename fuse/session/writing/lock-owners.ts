// Whose locks hang on which handle. The kernel tells of a close by a program that has locks (FLUSH,
// with its owner); of the end of an open file, whose own locks fcntl(2) calls open file description
// locks, it tells no owner. So they are noted when they are taken, and dropped with the file.
import type { LockRange } from '../../../src/ports/changes.ts'

export class LockOwners {
  readonly #owners = new Map<number, Set<bigint>>()

  onLock(handle: number, { kind, isFlock, owner }: LockRange): void {
    // The kernel itself says when a flock goes.
    if (kind === 'none' || isFlock) return
    const owners = this.#owners.get(handle)
    if (owners === undefined) this.#owners.set(handle, new Set([owner]))
    else owners.add(owner)
  }

  has(handle: number): boolean {
    return this.#owners.has(handle)
  }

  /** A program's close has dropped all that it had locked of the file. */
  onFlush(handle: number, owner: bigint): void {
    const owners = this.#owners.get(handle)
    owners?.delete(owner)
    if (owners?.size === 0) this.#owners.delete(handle)
  }

  /** @returns those who may still have locks by a handle that is over */
  onRelease(handle: number): readonly bigint[] {
    const owners = this.#owners.get(handle)
    this.#owners.delete(handle)
    return owners === undefined ? [] : [...owners]
  }
}
