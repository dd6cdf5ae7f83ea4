// What went to other keepers with the newest roll, for them to ask for; and what the holders themselves
// have said since, which counts for more.
import type { Clock } from '../../ports/clock.ts'
import type { LockAnswer, LockRecord, Member, Roll, ToldWithLock } from '../../ports/locks.ts'
import * as limits from '../../wire/limits.ts'
import type { Council } from '../roll/council.ts'
import { isSame, isSameRoll, keeperOf, nameOf } from '../roll/roll.ts'
import { nameOfPlace } from '../place.ts'
import { LEASE_MS } from '../terms.ts'

/** How long others may yet use, and change, what was leased to them of what is handed over. */
export type LeasesLeft = { readonly leasedForMs: number; readonly changedForMs: number }

type HandedOver = {
  readonly records: readonly LockRecord[]
  readonly leftMs: number
  /** All that was said of what others keep by the newest roll; undefined where that is not known. */
  readonly told: ToldWithLock | undefined
}

export class HandOver {
  readonly #clock: Clock
  readonly #council: Council
  readonly #claimed = new Set<string>()
  #roll: Roll | undefined
  #records: readonly LockRecord[] = []
  #told: ToldWithLock | undefined
  #settledMs = 0
  #leasedMs = 0

  constructor({ clock, council }: { readonly clock: Clock; readonly council: Council }) {
    this.#clock = clock
    this.#council = council
  }

  /** These are others' to keep by this roll, and in so long nothing is missing from them. */
  begin(roll: Roll, handedOver: HandedOver & LeasesLeft): void {
    const { records, told, leftMs, leasedForMs, changedForMs } = handedOver
    this.#roll = roll
    this.#records = records
    this.#told = told
    this.#settledMs = this.#clock.now() + Math.max(leftMs, changedForMs)
    this.#leasedMs = this.#clock.now() + leasedForMs
    this.#claimed.clear()
  }

  /** A holder has said what it has of an inode: what others say of that is old. */
  claimed(record: LockRecord): void {
    this.#claimed.add(claimName(record))
  }

  isClaimed(record: LockRecord): boolean {
    return this.#claimed.has(claimName(record))
  }

  answer(asker: Member, roll: Roll): LockAnswer {
    this.#council.adopt(roll)
    const newest = this.#council.roll
    if (newest === undefined || !isSameRoll(newest, roll)) {
      return { type: 'refused', why: 'moved', ...(newest && { roll: newest }) }
    }
    if (this.#roll === undefined || !isSameRoll(this.#roll, roll)) {
      return { type: 'records', settledInMs: LEASE_MS, leasedForMs: LEASE_MS, records: [] }
    }
    const theirs = this.#records.filter((one) => isSame(keeperOf(roll.keepers, one), asker))
    const records = fitting(theirs)
    // What does not fit into a message is claimed by those who hold it.
    const isWhole = records.length === theirs.length
    const leftMs = isWhole ? Math.max(0, this.#settledMs - this.#clock.now()) : LEASE_MS
    const leasedForMs = Math.ceil(Math.max(0, this.#leasedMs - this.#clock.now()))
    const told = this.#told && { told: this.#told }
    return { type: 'records', settledInMs: Math.ceil(leftMs), leasedForMs, records, ...told }
  }
}

function fitting(records: readonly LockRecord[]): readonly LockRecord[] {
  let locks = 0
  const end = records.findIndex((record) => {
    locks += record.locks.length
    return locks > limits.MAX_LOCKS_OF_INODE
  })
  return records.slice(0, Math.min(end < 0 ? Infinity : end, limits.MAX_LOCK_RECORDS))
}

function claimName(record: LockRecord): string {
  return `${nameOf(record.holder)} ${nameOfPlace(record)}`
}
