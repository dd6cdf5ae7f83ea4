// Changes are told as they are made; but a file that is written to again and again is told of now
// and then, and at once when its writer closes it or wants it safe.
import type { Clock } from '../../ports/clock.ts'
import type { Inode, Invalidation } from '../../ports/messages.ts'

/** So long what is written to a file may stay untold. */
export const WRITES_MS = 20
const FILES_MAX = 1_024

export type TellingInit = {
  readonly clock: Clock
  readonly tell: (invalidations: readonly Invalidation[]) => void
}

export class Telling {
  readonly #init: TellingInit
  /** The newest news of each file that was written to. */
  readonly #untold = new Map<Inode, Invalidation>()
  #cancel: (() => void) | undefined

  constructor(init: TellingInit) {
    this.#init = init
  }

  add(invalidations: readonly Invalidation[]): void {
    const isWrite = invalidations.length === 1 && isContent(invalidations[0])
    if (!isWrite) {
      // What is said of a file now must not be overtaken by what was written to it before.
      this.flush()
      this.#init.tell(invalidations)
      return
    }
    for (const one of invalidations) this.#untold.set(one.inode, one)
    if (this.#untold.size > FILES_MAX) this.flush()
    else this.#cancel ??= this.#init.clock.after(WRITES_MS, () => this.flush())
  }

  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#untold.size === 0) return
    const untold = [...this.#untold.values()]
    this.#untold.clear()
    this.#init.tell(untold)
  }
}

function isContent(invalidation: Invalidation | undefined): boolean {
  return invalidation?.news?.type === 'attributes' && invalidation.news.isContent
}
