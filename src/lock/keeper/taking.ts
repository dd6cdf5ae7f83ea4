// What a keeper is told of locks that others granted: by their holders, and by the keepers before it.
import type { LockRecord } from '../../ports/locks.ts'
import type { HandOver } from './hand-over.ts'
import type { Inheritance } from './inheritance.ts'
import type { Place } from '../place.ts'
import type { Sessions } from './sessions.ts'
import type { Tables } from './tables.ts'

export type TakingInit = {
  readonly tables: Tables
  readonly sessions: Sessions
  readonly handOver: HandOver
  /** Asked only once there is a question. */
  readonly inheritance: () => Inheritance
  readonly isOurs: (place: Place) => boolean
  /** Something may be free now. */
  readonly onChanged: (place: Place) => void
}

export class Taking {
  readonly #init: TakingInit

  constructor(init: TakingInit) {
    this.#init = init
  }

  /** Whether what a holder says it has is so, as far as anybody can know; else it has nothing. */
  claim(record: LockRecord): boolean {
    const { tables, inheritance, handOver, onChanged } = this.#init
    const { holder } = record
    const locks = tables.at(record)
    const isNews =
      inheritance().knows(record) &&
      record.locks.some((range) => !locks.covers({ holder, owner: range.owner }, range))
    const isKept = locks.claim(isNews ? { ...record, locks: [] } : record) && !isNews
    handOver.claimed(record)
    onChanged(record)
    return isKept
  }

  /** What the keepers before knew; what a holder has said itself since counts for more. */
  inherit(records: readonly LockRecord[]): void {
    const { tables, sessions, handOver, isOurs } = this.#init
    for (const record of records) {
      if (handOver.isClaimed(record) || !isOurs(record)) continue
      // A keeper that has not heard of a peer's new life yet: that one holds nothing from before.
      if (sessions.isPast(record.holder)) continue
      sessions.presume(record.holder)
      tables.at(record).claim(record)
    }
  }
}
