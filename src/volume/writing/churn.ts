import type { Inode } from '../../ports/messages.ts'

/**
 * Which reads of a file that is being written to go past the blocks. A change makes all its cached
 * blocks out of date; to bring one of them again for a page of it, change after change, would be
 * hundreds of times what was asked for. So after each change the first bytes are read alone, as many as
 * a block has, and only what is read beyond them is worth a block: never more than twice the least.
 */
export class Churn {
  readonly #blockBytes: number
  readonly #files = new Map<Inode, { version: number; left: number }>()

  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes
  }

  /** Whether so many bytes of this version should be read past the blocks. */
  isPast({ inode, version }: { inode: Inode; version: number }, length: number): boolean {
    const file = this.#files.get(inode)
    if (file === undefined) {
      // It need not have changed since it was opened.
      this.#files.set(inode, { version, left: 0 })
      return false
    }
    if (file.version !== version) {
      file.version = version
      file.left = this.#blockBytes
    }
    if (file.left < length) return false
    file.left -= length
    return true
  }

  knows(inode: Inode): boolean {
    return this.#files.has(inode)
  }

  /** Nobody here has it open for writing any more. */
  forget(inode: Inode): void {
    this.#files.delete(inode)
  }
}
