// What a close(2) has to ask the volume for: errors of earlier writes, and locks to be dropped. The
// kernel sends a FLUSH for each close all the same, and most files that are closed were only read.
import type { Nodeid } from '../../../src/volume/volume.ts'

export class Unflushed {
  readonly #handles = new Set<number>()
  /** Pages are written back through any handle of their inode; a lock is one of an inode, too. */
  readonly #inodes = new Set<Nodeid>()

  onWrite(handle: number, nodeid: Nodeid, options: { readonly isFromCache: boolean }): void {
    if (options.isFromCache) this.#inodes.add(nodeid)
    else this.#handles.add(handle)
  }

  onLock(nodeid: Nodeid): void {
    this.#inodes.add(nodeid)
  }

  /** Whether closing a handle means anything to the volume. */
  has(handle: number, nodeid: Nodeid): boolean {
    return this.#handles.has(handle) || this.#inodes.has(nodeid)
  }

  onRelease(handle: number): void {
    this.#handles.delete(handle)
  }

  /** The kernel no longer knows the inode, and so has nothing of it open, locked or mapped. */
  forget(nodeid: Nodeid): void {
    this.#inodes.delete(nodeid)
  }
}
