import { PotluckError } from '../../base/errors.ts'
import type { Inode } from '../../ports/messages.ts'
import type { Span } from '../../ports/writable-source.ts'

type Open = { readonly theirs: number; readonly inode: Inode }

/** Files open for more than reading: the source's handle of each, by ours. */
export class Handles {
  readonly #open = new Map<number, Open>()

  add(handle: number, open: Open): void {
    this.#open.set(handle, open)
  }

  remove(handle: number): Open | undefined {
    const open = this.#open.get(handle)
    this.#open.delete(handle)
    return open
  }

  find(handle: number | undefined): number | undefined {
    return handle === undefined ? undefined : this.#open.get(handle)?.theirs
  }

  /** The source's handle by which an inode without a name can be reached. */
  ofInode(inode: Inode): number | undefined {
    for (const open of this.#open.values()) if (open.inode === inode) return open.theirs
    return undefined
  }

  /** @throws PotluckError EBADF */
  span(handle: number, from: number): Span {
    const theirs = this.find(handle)
    if (theirs !== undefined) return { handle: theirs, from }
    throw new PotluckError('EBADF', `the file with the handle ${handle} is open for reading only`)
  }
}
