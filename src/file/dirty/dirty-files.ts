// The inodes of a volume that are dirty here, how much memory they take, and when they are flushed
// without being asked for: when they are old, when there are too many, when their bytes are too many.
import type { Clock } from '../../ports/clock.ts'
import type { Inode, Path } from '../../ports/messages.ts'
import type { DirtyPiece } from '../../ports/dirty/dirty-messages.ts'
import { DirtyFile } from './dirty-file.ts'

const LOOK_MS = 1_000
/** Each holds a file of the source open. */
const FILES_MAX = 1_024
/** Who has a removed file open elsewhere opens it by its inode within this time. */
const REMOVED_MS = 12_000
/** A flush that failed is tried again so long after. */
const RETRY_MS = 5_000

export type DirtyFilesInit = {
  readonly clock: Clock
  /** The most memory that written bytes may take, in bytes. */
  readonly capacityBytes: number
  /** Bytes are put on the source when they are older than this. */
  readonly ageMs: number
  readonly flush: (file: DirtyFile) => Promise<void>
  readonly isOpen: (file: DirtyFile) => boolean
  /** Nothing of it is dirty any more, or ever will be. */
  readonly onClean: (file: DirtyFile) => void
}

export class DirtyFiles {
  readonly #init: DirtyFilesInit
  /** The one that became dirty first is the first. */
  readonly #files = new Map<Inode, DirtyFile>()
  #cancel: (() => void) | undefined
  #cost = 0

  constructor(init: DirtyFilesInit) {
    this.#init = init
  }

  get size(): number {
    return this.#files.size
  }

  get bytes(): number {
    let bytes = 0
    for (const { ranges } of this.#files.values()) bytes += ranges.bytes
    return bytes
  }

  stop(): void {
    this.#cancel?.()
  }

  all(): readonly DirtyFile[] {
    return [...this.#files.values()]
  }

  of(inodes: ReadonlySet<Inode>): readonly DirtyFile[] {
    return this.all().filter(({ inode }) => inodes.has(inode))
  }

  get(inode: Inode): DirtyFile | undefined {
    return this.#files.get(inode)
  }

  /** The file as one that is about to be written to. */
  begin(inode: Inode): DirtyFile {
    const known = this.#files.get(inode)
    const file = known ?? new DirtyFile(inode, this.#init.clock.now())
    this.#files.set(inode, file)
    this.#lookLater()
    return file
  }

  /** To be called after each change of a file's ranges, and of who is about to write. */
  changed(file: DirtyFile): void {
    this.#cost += file.ranges.cost - file.counted
    file.counted = file.ranges.cost
    const isOver = file.ranges.isEmpty && file.writers === 0
    if (isOver && this.#files.get(file.inode) === file) {
      this.#files.delete(file.inode)
      this.#init.onClean(file)
    }
  }

  /** Waits until there is room; false where it can't be made. */
  async makeRoom(bytes: number): Promise<boolean> {
    const { capacityBytes } = this.#init
    const isFull = (): boolean =>
      this.#cost + bytes > capacityBytes || this.#files.size >= FILES_MAX
    if (this.#cost * 2 > capacityBytes) this.#flushOldest()
    while (isFull()) {
      const oldest = this.#oldest()
      if (oldest === undefined) return false
      try {
        await this.#init.flush(oldest)
      } catch {
        // It is among the failed ones now, and no longer asked.
        continue
      }
    }
    return true
  }

  /** What of it needs a copy. */
  *pieces(pathOf: (file: DirtyFile) => Path): Generator<DirtyPiece> {
    for (const file of this.#files.values()) {
      if (file.removedMs !== undefined) continue
      const path = pathOf(file)
      for (const { from, bytes, sequence, writer } of file.ranges.within(0, Infinity)) {
        const writtenMs = Math.round(file.writtenMs)
        yield { inode: file.inode, path, sequence, from, bytes, ...writer, writtenMs }
      }
    }
  }

  /** Puts it away without the source having it. */
  drop(file: DirtyFile): void {
    file.ranges.clean(Infinity)
    this.changed(file)
  }

  #oldest(): DirtyFile | undefined {
    for (const file of this.#files.values()) if (file.failure === undefined) return file
    return undefined
  }

  #flushOldest(): void {
    const oldest = this.#oldest()
    if (oldest !== undefined && oldest.flushing === undefined) this.#flushInBackground(oldest)
  }

  #lookLater(): void {
    this.#cancel ??= this.#init.clock.after(LOOK_MS, () => {
      this.#cancel = undefined
      for (const file of this.#files.values()) this.#look(file)
      if (this.#files.size > 0) this.#lookLater()
    })
  }

  #look(file: DirtyFile): void {
    const { clock, ageMs, isOpen } = this.#init
    const now = clock.now()
    if (file.removedMs !== undefined && !isOpen(file)) {
      if (now - file.removedMs > REMOVED_MS && file.flushing === undefined) this.drop(file)
      return
    }
    const retryMs = file.failure === undefined ? 0 : RETRY_MS
    const isOld = now - file.sinceMs > ageMs + retryMs
    if (isOld && file.flushing === undefined) this.#flushInBackground(file)
  }

  /** Where it fails the file remembers, and whoever writes to it or closes it is told. */
  #flushInBackground(file: DirtyFile): void {
    this.#init.flush(file).catch(() => undefined)
  }
}
