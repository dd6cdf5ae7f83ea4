// Files that lost their last name here a moment ago. Somebody on another node may have one open for
// reading, and learns only now that its name is gone: for a while it can be opened by its inode.
//
// Whoever has it open opens it so at once, and then keeps it as long as need be; so a short while is
// enough, and the room of removed files is given back soon. It must never keep more than a bounded
// number open.
import type { Clock } from '../../ports/clock.ts'
import type { Inode } from '../../ports/messages.ts'
import type { Change, Outcome } from '../../ports/writable-source.ts'

const KEPT_MS = 10_000
const KEPT_MAX = 1_024

export type OrphansInit = {
  readonly clock: Clock
  /** Nobody else could have a file open. */
  readonly isAlone: () => boolean
  readonly close: (handle: number) => void
}

type Orphan = { readonly handle: number; readonly untilMs: number }

export class Orphans {
  readonly #init: OrphansInit
  /** The one that was removed first is the first. */
  readonly #orphans = new Map<Inode, Orphan>()
  #cancel: (() => void) | undefined

  constructor(init: OrphansInit) {
    this.#init = init
  }

  get size(): number {
    return this.#orphans.size
  }

  /** What the source is to be asked for, so that no open file is lost. */
  prepare(change: Change): Change {
    if (change.type === 'open' && change.on.handle === undefined) {
      const orphan = this.#orphans.get(change.on.inode)
      return orphan === undefined
        ? change
        : { ...change, on: { ...change.on, handle: orphan.handle } }
    }
    const isRemoval =
      change.type === 'unlink' || (change.type === 'rename' && change.mode === 'replace')
    return isRemoval && !this.#init.isAlone() ? { ...change, keep: true } : change
  }

  /** Keeps what was removed. @returns the outcome as whoever asked for the change is to see it */
  take(change: Change, outcome: Outcome): Outcome {
    if (change.type !== 'unlink' && change.type !== 'rename') return outcome
    const { handle, ...rest } = outcome
    if (handle === undefined) return outcome
    for (const effect of outcome.effects) {
      if (effect.type !== 'inode' || effect.attributes.nlink > 0) continue
      this.#keep(effect.inode, handle)
      return rest
    }
    this.#init.close(handle)
    return rest
  }

  stop(): void {
    this.#cancel?.()
  }

  #keep(inode: Inode, handle: number): void {
    this.#orphans.set(inode, { handle, untilMs: this.#init.clock.now() + KEPT_MS })
    const [oldest] = this.#orphans
    if (this.#orphans.size > KEPT_MAX && oldest !== undefined) this.#end(...oldest)
    this.#cancel ??= this.#init.clock.after(KEPT_MS, () => this.#look())
  }

  #look(): void {
    this.#cancel = undefined
    const now = this.#init.clock.now()
    for (const [inode, orphan] of this.#orphans) if (orphan.untilMs <= now) this.#end(inode, orphan)
    if (this.#orphans.size > 0) this.#cancel = this.#init.clock.after(KEPT_MS, () => this.#look())
  }

  #end(inode: Inode, { handle }: Orphan): void {
    this.#orphans.delete(inode)
    this.#init.close(handle)
  }
}
