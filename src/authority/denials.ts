// What the source has just said is not where it was looked for. A file that is replaced or removed while
// hundreds of nodes have it open is asked for by each of them with each read: only the first of a
// second goes to the source, and the others are told the same.
//
// It must never stand in the way of news: who asks with a higher floor than was denied asks anew.
import type { Clock } from '../ports/clock.ts'
import type { Stamp, Want } from '../ports/messages.ts'
import { isAboutPath } from '../base/errors.ts'

/** As long as a directory's page may mislead before it is read again. */
export const DENIED_MS = 1_000
const DENIALS_MAX = 1_024

type Denial = { readonly error: unknown; readonly floor: Stamp; readonly atMs: number }

export class Denials {
  readonly #clock: Clock
  /** The newest is the last. */
  readonly #denied = new Map<string, Denial>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#denied.size
  }

  /** Does the work, unless it is known what would come of it. @throws what the work throws, or threw */
  async unlessDenied<T>(want: Want, work: () => Promise<T>): Promise<T> {
    const name = `${want.inode}/${want.version}/${want.index}/${want.path}`
    const known = this.#denied.get(name)
    const isOver = known === undefined || this.#clock.now() - known.atMs >= DENIED_MS
    if (!isOver && want.floor <= known.floor) throw known.error
    try {
      return await work()
    } catch (error) {
      if (isAboutPath(error)) this.#remember(name, { error, floor: want.floor })
      throw error
    }
  }

  #remember(name: string, denial: Omit<Denial, 'atMs'>): void {
    this.#denied.delete(name)
    this.#denied.set(name, { ...denial, atMs: this.#clock.now() })
    const [oldest] = this.#denied.keys()
    if (this.#denied.size > DENIALS_MAX && oldest !== undefined) this.#denied.delete(oldest)
  }
}
