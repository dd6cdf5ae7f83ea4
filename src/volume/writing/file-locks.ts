// Locks of files by nodeid and handle. Whoever gets one sees what was written under it before; whoever
// has lost one can't write on, as if it still had it.
import { PotluckError } from '../../base/errors.ts'
import type { LockRange } from '../../ports/changes.ts'
import type { LockRoom } from '../../lock/lock-room.ts'
import type { ReadVolume } from '../read-volume.ts'
import type { Nodeid, Options } from '../volume.ts'

export type FileLocksInit = {
  readonly reading: ReadVolume
  /** The volume's id, by which all nodes know it. */
  readonly volume: string
  /** What was written is on the source when a file is closed, or who closes it is told why not. */
  readonly flushOnClose: boolean
  readonly locks: Pick<LockRoom, 'lock' | 'test' | 'releaseOwner' | 'isLost'>
}

export class FileLocks {
  readonly #init: FileLocksInit

  constructor(init: FileLocksInit) {
    this.#init = init
  }

  async lock(
    nodeid: Nodeid,
    range: LockRange,
    { wait, signal }: Options & { readonly wait: boolean },
  ): Promise<void> {
    const { locks, volume } = this.#init
    const inode = this.#inode(nodeid)
    // Whoever gets it next sees what was written under it.
    if (range.kind === 'none') await this.#save(inode)
    await locks.lock(volume, inode, { range, wait, signal })
  }

  conflicting(
    nodeid: Nodeid,
    range: LockRange,
    { signal }: Options = {},
  ): Promise<LockRange | undefined> {
    const { locks, volume } = this.#init
    return locks.test(volume, this.#inode(nodeid), { range, signal })
  }

  /** A file is closed: what its process has locked by fcntl(2) goes, by whatever handle it did so. */
  async closed(handle: number, owner: bigint): Promise<void> {
    const { locks, volume, reading, flushOnClose } = this.#init
    const { inode } = reading.recordOf(handle)
    try {
      if (flushOnClose) await reading.unsaved.save(inode)
    } finally {
      await locks.releaseOwner(volume, inode, { owner, isFlock: false })
    }
  }

  /** @throws PotluckError EIO where a lock was lost that somebody here still relies on */
  check(handle: number): void {
    const { locks, volume, reading } = this.#init
    const { inode } = reading.recordOf(handle)
    if (!locks.isLost(volume, inode)) return
    throw new PotluckError('EIO', 'a lock on the file was lost: others may have written to it')
  }

  /** What can't be saved stays here, and whoever needs it is told so. */
  async #save(inode: string): Promise<void> {
    await this.#init.reading.unsaved.save(inode).catch(() => undefined)
  }

  #inode(nodeid: Nodeid): string {
    return this.#init.reading.tree.record(nodeid).inode
  }
}
