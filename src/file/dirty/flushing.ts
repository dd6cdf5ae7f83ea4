// Puts what is dirty on the source: one inode's bytes by offset, one flush of it at a time; inodes in
// the order in which they became dirty.
//
// Others hear that it is clean only after nobody has a copy of it any more: else a copy might be put
// over what they write next.
import type { Log } from '../../base/log.ts'
import { codeOf, PotluckError } from '../../base/errors.ts'
import type { Counters } from '../../base/counters.ts'
import type { Attributes, Inode, Invalidation } from '../../ports/messages.ts'
import type { Made } from '../../ports/writable-source.ts'
import type { CopySession } from './copies/copy-session.ts'
import { type DirtyFile, stateOf } from './dirty-file.ts'
import { type MakeAs, ROOT, writeOut } from './write-out.ts'

export type FlushingInit = {
  readonly counters: Counters
  readonly log?: Log | undefined
  /** On the source itself. */
  readonly make: MakeAs
  readonly copies: CopySession
  /** Takes in, and tells, what is so now: with nothing dirty left, that too. */
  readonly onFlushed: (file: DirtyFile, news: readonly Invalidation[]) => void
}

export class Flushing {
  readonly #init: FlushingInit

  constructor(init: FlushingInit) {
    this.#init = init
  }

  /** All that had been written when it was asked. @throws PotluckError what the source failed with */
  async flush(file: DirtyFile): Promise<void> {
    const through = file.sequence
    while (file.ranges.seal().some(({ sequence }) => sequence <= through)) {
      file.flushing ??= this.#run(file).finally(() => (file.flushing = undefined))
      await file.flushing
    }
  }

  async #run(file: DirtyFile): Promise<void> {
    const { counters, copies, log, onFlushed } = this.#init
    const { inode, sequence, handle, writtenMs } = file
    const extents = file.ranges.seal()
    const { bytes } = file.ranges
    file.isAnnounced = false
    try {
      const mayWrite = (): Promise<void> => this.#mayWrite(file)
      const make: MakeAs = async (change, caller) =>
        note(file, await this.#init.make(change, caller))
      const made = await writeOut(make, { inode, handle, extents, writtenMs, mayWrite })
      await copies.drop(inode, sequence)
      file.ranges.clean(sequence)
      file.failure = undefined
      counters.add('dirty_flushed_bytes_total', bytes)
      onFlushed(file, made.news)
    } catch (error) {
      // Its keeper has put all of it on the source.
      if (file.ranges.isEmpty) return
      if (file.failure === undefined) {
        log?.('warn', `${bytes} bytes of '${file.path}' can't be written now: ${codeOf(error)}`)
      }
      counters.add('dirty_flushes_failed_total')
      file.failure = error
      throw error
    }
  }

  /** Looks at what the source has, so that a later look shows whether others have written. */
  async look(file: DirtyFile): Promise<void> {
    const on = { inode: file.inode, path: '', handle: file.handle }
    note(file, await this.#init.make({ type: 'setattr', on, changes: {} }, ROOT))
  }

  async #mayWrite(file: DirtyFile): Promise<void> {
    if ((await this.#init.copies.mayWrite(file.inode)) === 'now') return
    const { left } = file
    await this.look(file)
    if (file.left === left) return
    file.left = left
    throw new PotluckError('EIO', `'${file.path}' was changed while this node was cut off`)
  }
}

function note(file: DirtyFile, made: Made): Made {
  const attributes = attributesIn(made, file.inode)
  if (attributes !== undefined) file.left = stateOf(attributes)
  return made
}

function attributesIn({ news }: Made, inode: Inode): Attributes | undefined {
  for (const one of news) {
    if (one.inode === inode && one.news?.type === 'attributes') return one.news.attributes
  }
  return undefined
}
