// The locks of one inode at its keeper: fcntl's, flock's, which don't see each other, and who waits.
import type { LockRange } from '../../ports/changes.ts'
import type { LockRecord, Member } from '../../ports/locks.ts'
import { type Held, RangeTable } from '../range-table.ts'
import { nameOf } from '../roll/roll.ts'
import type { Place } from '../place.ts'

/** Who has, or wants, a lock: one process or open file on one life of one peer. */
export type Owner = { readonly holder: Member; readonly owner: bigint }

export type Waiter = Owner & {
  readonly range: LockRange
  readonly settle: (outcome: 'granted' | 'moved') => void
}

export function ownerName({ holder, owner }: Owner): string {
  return `${nameOf(holder)} ${owner}`
}

function ownerOf(name: string): Owner {
  const [epoch, peer, owner] = name.split(' ') as [string, string, string]
  return { holder: { peer, epoch: Number(epoch) }, owner: BigInt(owner) }
}

export class InodeLocks {
  readonly place: Place
  readonly waiters: Waiter[] = []
  readonly #ranges = new RangeTable()
  readonly #flocks = new RangeTable()

  constructor(place: Place) {
    this.place = place
  }

  get isEmpty(): boolean {
    return this.size === 0 && this.waiters.length === 0
  }

  /** Locked ranges. */
  get size(): number {
    return this.#ranges.size + this.#flocks.size
  }

  set(owner: Owner, range: LockRange): void {
    this.#table(range).set(ownerName(owner), range)
  }

  conflict(owner: Owner, range: LockRange): (Owner & { readonly range: LockRange }) | undefined {
    const held = this.#table(range).conflict(ownerName(owner), range)
    return held === undefined ? undefined : ownedBy(held, range.isFlock)
  }

  /** By name, each other owner that stands in the way. */
  against(owner: Owner, range: LockRange): string[] {
    return [...this.#table(range).conflicts(ownerName(owner), range)].map((held) => held.owner)
  }

  /** All that a peer holds is this from now on, but for what others have: false where that is any. */
  claim({ holder, locks }: LockRecord): boolean {
    const isFree = locks.every((range) => {
      const owner = { holder, owner: range.owner }
      return this.conflict(owner, range) === undefined
    })
    this.drop(holder)
    if (isFree) for (const range of locks) this.set({ holder, owner: range.owner }, range)
    return isFree
  }

  /** Whether the owner already has all of it, as strong or stronger. */
  covers(owner: Owner, range: LockRange): boolean {
    let from = range.from
    for (const segment of this.#table(range).heldBy(ownerName(owner))) {
      if (segment.to < from) continue
      if (segment.from > from || (range.kind === 'write' && segment.kind === 'read')) return false
      from = segment.to + 1
      if (segment.to >= range.to) return true
    }
    return false
  }

  drop(holder: Member): void {
    const prefix = `${nameOf(holder)} `
    for (const table of [this.#ranges, this.#flocks]) {
      for (const name of Array.from(table.owners()))
        if (name.startsWith(prefix)) table.replace(name, [])
    }
  }

  /** Segments of one peer. */
  count(holder: Member): number {
    const prefix = `${nameOf(holder)} `
    let count = 0
    for (const table of [this.#ranges, this.#flocks]) {
      for (const name of table.owners()) {
        if (name.startsWith(prefix)) count += table.heldBy(name).length
      }
    }
    return count
  }

  /** What each peer holds. */
  records(): LockRecord[] {
    const byHolder = new Map<string, { holder: Member; locks: LockRange[] }>()
    for (const table of [this.#ranges, this.#flocks]) {
      for (const name of table.owners()) {
        const { holder } = ownerOf(name)
        const record = byHolder.get(nameOf(holder)) ?? { holder, locks: [] }
        byHolder.set(nameOf(holder), record)
        for (const segment of table.heldBy(name)) {
          record.locks.push(ownedBy({ owner: name, ...segment }, table === this.#flocks).range)
        }
      }
    }
    return [...byHolder.values()].map((record) => ({ ...this.place, ...record }))
  }

  #table({ isFlock }: LockRange): RangeTable {
    return isFlock ? this.#flocks : this.#ranges
  }
}

function ownedBy(
  { owner: name, ...segment }: Held,
  isFlock: boolean,
): Owner & {
  readonly range: LockRange
} {
  const owner = ownerOf(name)
  return { ...owner, range: { ...segment, owner: owner.owner, isFlock } }
}
