// Who has the last word on changes of a source volume: the source, on which they are made here, one
// after another where they concern the same inode, each stamped after it was made.
//
// What a change left behind travels with its stamp as news, so that nobody has to read a directory
// again because one name in it came or went. Where it is not known what it left behind (the storage
// did not answer in time, or half of it was done), all that was known of the inodes is out of date.
// It must never give up a change that has begun: it would be made, and nobody would be told.
import assert from 'node:assert/strict'
import { abortedError } from '../../base/abort.ts'
import { codeOf, PotluckError } from '../../base/errors.ts'
import type { ChangeTime } from '../../block/order.ts'
import type { HybridClock } from '../../block/stamp.ts'
import type { Caller } from '../../ports/changes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Inode, Invalidation, News, PeerId } from '../../ports/messages.ts'
import type { Change, Effect, Made, Outcome, WritableSource } from '../../ports/writable-source.ts'
import { Orphans } from './orphans.ts'
import { Turns } from './turns.ts'

export type MakeOptions = {
  readonly caller: Caller
  readonly signal?: AbortSignal | undefined
  /** Whose kernel it is that asks: a mount here, or a peer. */
  readonly by?: unknown
  /** Asked when its turn has come. @default it may */
  readonly mayBegin?: (() => boolean) | undefined
}

const NOBODY: Caller = { uid: 0, gid: 0, groups: [], umask: 0 }

export type SourceChangesInit = {
  readonly source: WritableSource
  readonly volume: string
  readonly stamps: HybridClock
  readonly self: PeerId
  readonly clock: Clock
  /** No other node could have a file open. */
  readonly isAlone: () => boolean
  /** Takes in, and tells, what became out of date by a change that failed. */
  readonly onDoubt: (invalidations: readonly Invalidation[]) => void
}

export class SourceChanges {
  readonly #init: SourceChangesInit
  readonly #turns = new Turns()
  /** Which inode each open handle is of. */
  readonly #handles = new Map<number, Inode>()

  readonly #orphans: Orphans

  constructor(init: SourceChangesInit) {
    const { source } = init
    this.#init = init
    const close = async (handle: number): Promise<void> => {
      // One that can't be closed is not open any more.
      await source.change({ type: 'close', handle }, { caller: NOBODY }).catch(() => undefined)
    }
    this.#orphans = new Orphans({ ...init, close })
  }

  stop(): void {
    this.#orphans.stop()
  }

  /** What is open by this handle. */
  inodeOf(handle: number): Inode | undefined {
    return this.#handles.get(handle)
  }

  handlesOf(inode: Inode): number[] {
    return [...this.#handles].flatMap(([handle, of]) => (of === inode ? [handle] : []))
  }

  /** @throws PotluckError with the errno of what failed; ABORTED or EAGAIN before it was begun */
  make(change: Change, { caller, signal, mayBegin }: MakeOptions): Promise<Made> {
    return this.#turns.take(this.inodesOf(change), async () => {
      if (signal?.aborted === true) throw abortedError()
      if (mayBegin?.() === false) throw new PotluckError('EAGAIN', 'its time to begin is over')
      const begunMs = this.#init.clock.now()
      const outcome = await this.#change(change, caller).catch((error: unknown) =>
        this.#failed(change, error),
      )
      this.#noteHandle(change, outcome)
      const { effects, ...rest } = outcome
      return { ...rest, news: this.#newsOf(effects, begunMs) }
    })
  }

  async #change(change: Change, caller: Caller): Promise<Outcome> {
    const { source } = this.#init
    const first = source.change(this.#orphans.prepare(change), { caller })
    const all = await first.catch(async (error: unknown) => {
      // What was removed a moment ago may take the room that there is.
      const code = codeOf(error)
      const isFull = code === 'ENOSPC' || code === 'EDQUOT'
      if (!isFull || !(await this.#orphans.giveRoom())) throw error
      return source.change(this.#orphans.prepare(change), { caller })
    })
    return this.#orphans.take(change, all)
  }

  /** The storage may have been slow to answer, and others to change it again meanwhile. */
  #newsOf(effects: readonly Effect[], begunMs: number): Invalidation[] {
    if (effects.length === 0) return []
    const { volume, stamps, self, clock } = this.#init
    const stamp = stamps.tick()
    const tookMs = Math.ceil(clock.now() - begunMs)
    const when = tookMs > 0 ? { stamp, tookMs } : { stamp }
    return effects.map((effect) => invalidationOf(effect, { volume, when, self, effects }))
  }

  #failed(change: Change, error: unknown): never {
    const code = codeOf(error)
    const isDone = code === 'ETIMEDOUT' || code === 'EIO' || change.type === 'setattr'
    if (isDone) {
      const { volume, stamps, onDoubt } = this.#init
      const stamp = stamps.tick()
      onDoubt(this.inodesOf(change).map((inode) => ({ volume, inode, stamp })))
    }
    throw error
  }

  /** The inodes whose bytes a change takes or gives, and those that it concerns. */
  usedBy(change: Change): Inode[] {
    const { type } = change
    if (type === 'sync') return this.#ofHandle(change.handle)
    if (type !== 'read' && type !== 'seek' && type !== 'copy') return this.inodesOf(change)
    return [...this.#ofHandle(change.of.handle), ...this.inodesOf(change)]
  }

  /** The inodes that a change is known to concern; the one that a name leads to need not be. */
  inodesOf(change: Change): Inode[] {
    switch (change.type) {
      case 'read':
      case 'seek':
      case 'sync':
      case 'sync-directory':
      case 'close':
        return []
      case 'write':
      case 'allocate':
        return this.#ofHandle(change.of.handle)
      case 'copy':
        return this.#ofHandle(change.to.handle)
      case 'setattr':
      case 'setxattr':
      case 'removexattr':
      case 'open':
      case 'tmpfile':
        return [change.on.inode]
      case 'rename':
        return [...new Set([change.from.directory, change.at.directory])]
      case 'link':
        return [change.at.directory, change.from.inode]
      default:
        return [change.at.directory]
    }
  }

  #ofHandle(handle: number): Inode[] {
    const inode = this.#handles.get(handle)
    return inode === undefined ? [] : [inode]
  }

  #noteHandle(change: Change, { handle, effects }: Outcome): void {
    if (change.type === 'close') this.#handles.delete(change.handle)
    if (handle === undefined) return
    const inode = change.type === 'open' ? change.on.inode : openedInode(effects)
    if (inode !== undefined) this.#handles.set(handle, inode)
  }
}

function openedInode(effects: readonly Effect[]): Inode | undefined {
  for (const effect of effects) {
    if (effect.type === 'name') return effect.entry?.attributes.inode
    return effect.inode
  }
  return undefined
}

type Telling = {
  readonly volume: string
  readonly when: Pick<Invalidation, 'stamp' | 'tookMs'>
  readonly self: PeerId
  /** All of the same change. */
  readonly effects: readonly Effect[]
}

function invalidationOf(effect: Effect, { volume, when, self, effects }: Telling): Invalidation {
  if (effect.type === 'inode') {
    const { inode, attributes, isContent } = effect
    return { volume, inode, ...when, news: { type: 'attributes', attributes, isContent } }
  }
  const { directory, name, entry } = effect
  const changed = changedIn(effects, directory)
  const what = { type: 'name', name, by: self, changed } as const
  const news: News = entry === undefined ? what : { ...what, entry: leanEntry(entry) }
  return { volume, inode: directory, ...when, news }
}

function changedIn(effects: readonly Effect[], directory: Inode): ChangeTime {
  for (const effect of effects) {
    if (effect.type !== 'inode' || effect.inode !== directory) continue
    const { ctimeSeconds, ctimeNanos } = effect.attributes
    return { ctimeSeconds, ctimeNanos }
  }
  assert.fail('a name changed, and what became of its directory is not said')
}

function leanEntry({
  attributes,
  target,
}: NonNullable<Extract<Effect, { type: 'name' }>['entry']>) {
  return target === undefined ? { attributes } : { attributes, target }
}
