import type { Log } from '../log/log.ts'
import type { Clock } from '../ports/clock.ts'
import { formerKey, pieceKey, valueKey } from './kinds.ts'
import type { ObjectKey } from './operation.ts'
import type { PieceTable } from './pieces.ts'

/** Pieces wait this long to be dropped, so that many objects share a sync. */
const ROUND_MS = 200

type Doomed = { readonly key: ObjectKey; readonly owner: number; readonly table: PieceTable }

/**
 * Drops the pieces of objects that were overwritten or deleted: only once that is durable, and while
 * nobody reads them. What a crash leaves undone is done by the next opening.
 */
export class Reaper {
  readonly #log: Log
  readonly #clock: Clock
  readonly #pins = new Map<number, number>()
  #doomed: Doomed[] = []
  #isScheduled = false
  #isStopped = false
  #work: Promise<void> = Promise.resolve()
  #cancel: (() => void) | undefined

  constructor(log: Log, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** Objects whose pieces are still to be dropped. */
  get doomed(): number {
    return this.#doomed.length
  }

  /** Keeps an owner's pieces until the function returned is called. */
  pin(owner: number): () => void {
    this.#pins.set(owner, (this.#pins.get(owner) ?? 0) + 1)
    return () => {
      const left = (this.#pins.get(owner) ?? 1) - 1
      if (left === 0) this.#pins.delete(owner)
      else this.#pins.set(owner, left)
    }
  }

  /** The object no longer has these pieces, or never came to be. */
  drop(doomed: Doomed): void {
    this.#doomed.push(doomed)
    this.#schedule()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel?.()
    await this.#work
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return
    this.#isScheduled = true
    this.#cancel = this.#clock.after(ROUND_MS, () => {
      this.#work = this.#round().finally(() => {
        this.#isScheduled = false
        if (this.#doomed.length > 0) this.#schedule()
      })
    })
  }

  async #round(): Promise<void> {
    const doomed = this.#doomed
    this.#doomed = []
    try {
      await this.#log.flush()
      for (let one = doomed.pop(); one !== undefined; one = doomed.pop()) {
        if (!(await this.#dropOne(one))) this.#doomed.push(one)
      }
    } catch {
      // The disk fails, or is closed: a later round, or the next opening, finds what is left.
      this.#doomed.push(...doomed)
    }
  }

  /** False where somebody still reads it. */
  async #dropOne({ key, owner, table }: Doomed): Promise<boolean> {
    if (this.#pins.has(owner)) return false
    if (await this.#isOwned(key, owner)) return true
    for (const number of table.numbers()) {
      if (this.#isStopped) return true
      await this.#log.forget(pieceKey(this.#log, owner, number))
    }
    return true
  }

  /** A revert moves pieces from the one head to the other, and gives the value another version. */
  async #isOwned(key: ObjectKey, owner: number): Promise<boolean> {
    for (;;) {
      const before = await this.#log.head(valueKey(this.#log, key))
      const former = await this.#log.head(formerKey(this.#log, key))
      const after = await this.#log.head(valueKey(this.#log, key))
      if (before?.version !== after?.version) continue
      return after?.owner === owner || former?.owner === owner
    }
  }
}
