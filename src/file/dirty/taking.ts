// Takes a write in: its bytes are here and at another peer when it is answered.
import type { MakeOptions, SourceChanges } from '../../authority/changes/source-changes.ts'
import type { Counters } from '../../base/counters.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Inode, Invalidation, Path } from '../../ports/messages.ts'
import type { Change, Made } from '../../ports/writable-source.ts'
import type { CopySession } from './copies/copy-session.ts'
import type { DirtyFile } from './dirty-file.ts'
import type { DirtyFiles } from './dirty-files.ts'
import type { Flushing } from './flushing.ts'
import { ROOT } from './write-out.ts'

export type WriteChange = Change & { readonly type: 'write' }

export type TakingInit = {
  readonly source: SourceChanges
  readonly clock: Clock
  readonly counters: Counters
  readonly files: DirtyFiles
  readonly flushing: Flushing
  readonly copies: CopySession
  readonly pathOf: (file: DirtyFile) => Path
  /** What tells that an inode is dirty. */
  readonly mark: (inode: Inode) => Invalidation
}

export class Taking {
  readonly #init: TakingInit
  #sequence = 0

  constructor(init: TakingInit) {
    this.#init = init
  }

  /** Undefined where it must go through. */
  async take(inode: Inode, change: WriteChange, options: MakeOptions): Promise<Made | undefined> {
    const file = this.#init.files.begin(inode)
    file.writers += 1
    try {
      if (file.failure !== undefined) return undefined
      await this.#use(file, change.of.handle)
      return await this.#put(file, change, options)
    } finally {
      file.writers -= 1
      this.#init.files.changed(file)
    }
  }

  async #put(
    file: DirtyFile,
    change: WriteChange,
    { caller, by }: MakeOptions,
  ): Promise<Made | undefined> {
    const { clock, counters } = this.#init
    const { inode } = file
    const { from } = change.of
    const sequence = ++this.#sequence
    const [writtenMs, path] = [clock.now(), this.#init.pathOf(file)]
    // They lie in memory that is somebody else's as soon as this is answered.
    const bytes = new Uint8Array(change.bytes)
    const writer = { uid: caller.uid, gid: caller.gid }
    const piece = { inode, path, from, sequence, bytes, ...writer }
    const needsCopy = file.removedMs === undefined
    const isKept =
      !needsCopy || (await this.#init.copies.keep({ ...piece, writtenMs: Math.round(writtenMs) }))
    if (!isKept) return undefined
    file.ranges.put({ from, bytes, sequence, writer })
    Object.assign(file, { sequence, writtenMs })
    counters.add('dirty_written_bytes_total', bytes.length)
    const isKnown = file.isAnnounced && file.writtenBy === by
    const news = isKnown ? [] : [this.#init.mark(inode)]
    Object.assign(file, { isAnnounced: true, writtenBy: by })
    return { news, count: bytes.length, offset: from }
  }

  /** From now on a file is flushed by this handle. */
  async #use(file: DirtyFile, handle: number): Promise<void> {
    if (file.handle !== handle) {
      await file.flushing?.catch(() => undefined)
      closeDetached(file, this.#init.source)
      file.handle = handle
    }
    if (file.ranges.isEmpty) await this.#init.flushing.look(file)
  }
}

/** Gives back a handle that was kept for flushing alone. */
export function closeDetached(file: DirtyFile, source: SourceChanges): void {
  if (!file.isDetached) return
  const { handle } = file
  Object.assign(file, { isDetached: false, handle: 0 })
  // One that can't be closed is not open any more.
  source.make({ type: 'close', handle }, { caller: ROOT }).catch(() => undefined)
}
