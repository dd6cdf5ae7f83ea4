// Files that lost their last name here a moment ago. Somebody on another node may have one open for
// reading, and learns only now that its name is gone: for a while it can be opened by its inode.
//
// Whoever has it open opens it so at once, and then keeps it as long as need be; so a short while is
// enough, and the room of removed files is given back soon: sooner where somebody needs it. It must
// never keep more than a bounded number open.
import { sleep } from '../../base/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Inode } from '../../ports/messages.ts'
import type { Change, Outcome } from '../../ports/writable-source.ts'

const KEPT_MS = 10_000
const KEPT_MAX = 1_024
/** By then everyone has heard that the name is gone, and has opened what he had open. */
const HEARD_MS = 1_000

export type OrphansInit = {
  readonly clock: Clock
  /** Nobody else could have a file open. */
  readonly isAlone: () => boolean
  readonly close: (handle: number) => Promise<void>
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
    void this.#init.close(handle)
    return rest
  }

  /** Gives back the room of all that were kept until now. @returns whether there were any */
  async giveRoom(): Promise<boolean> {
    const kept = [...this.#orphans]
    const youngest = kept.at(-1)
    if (youngest === undefined) return false
    const heardMs = youngest[1].untilMs - KEPT_MS + HEARD_MS
    const { clock } = this.#init
    if (heardMs > clock.now()) await sleep(clock, heardMs - clock.now())
    const left = kept.filter(([inode, orphan]) => this.#orphans.get(inode) === orphan)
    await Promise.all(left.map(([inode, orphan]) => this.#end(inode, orphan)))
    return true
  }

  stop(): void {
    this.#cancel?.()
  }

  #keep(inode: Inode, handle: number): void {
    this.#orphans.set(inode, { handle, untilMs: this.#init.clock.now() + KEPT_MS })
    const [oldest] = this.#orphans
    if (this.#orphans.size > KEPT_MAX && oldest !== undefined) void this.#end(...oldest)
    this.#cancel ??= this.#init.clock.after(KEPT_MS, () => this.#look())
  }

  #look(): void {
    this.#cancel = undefined
    const now = this.#init.clock.now()
    for (const [inode, orphan] of this.#orphans) {
      if (orphan.untilMs <= now) void this.#end(inode, orphan)
    }
    if (this.#orphans.size > 0) this.#cancel = this.#init.clock.after(KEPT_MS, () => this.#look())
  }

  #end(inode: Inode, { handle }: Orphan): Promise<void> {
    this.#orphans.delete(inode)
    return this.#init.close(handle)
  }
}
