// What this node's own processes hold of one inode, as its keeper has confirmed it.
import type { LockRange } from '../../ports/changes.ts'
import type { LockRecord, Member } from '../../ports/locks.ts'
import { RangeTable, type Segment } from '../range-table.ts'
import type { Place } from '../place.ts'

export class HeldInode {
  readonly place: Place
  /** At whom all of it is held. */
  keeper: Member | undefined
  /** Nothing is asked until the new keeper has been told what is held here. */
  isMoving = false
  /** Aborts what is being asked of the keeper. */
  asking = new AbortController()
  /** Owners whose locks ran out before they let go of them. */
  readonly lost = new Set<bigint>()
  /** Calls that are under way, if only waiting to ask again: they go on with this very object. */
  calls = 0
  /** Questions that are asked again because no answer came. */
  uncertain = 0
  /** Of each owner, what a keeper may or may not have done. */
  readonly doubts = new Map<bigint, LockRange[]>()
  readonly #busy = new Map<bigint, number>()
  readonly #ranges = new RangeTable()
  readonly #flocks = new RangeTable()

  constructor(place: Place) {
    this.place = place
  }

  /** Locked ranges. */
  get size(): number {
    return this.#ranges.size + this.#flocks.size
  }

  get isBusy(): boolean {
    return this.#busy.size > 0
  }

  /** The keeper may have something of ours. */
  get isInUse(): boolean {
    return this.size > 0 || this.isBusy || this.uncertain > 0 || this.doubts.size > 0
  }

  get isForgettable(): boolean {
    const isIdle = this.calls === 0 && !this.isInUse && !this.isMoving
    return isIdle && this.lost.size === 0
  }

  isBusyFor(owner: bigint): boolean {
    return this.#busy.has(owner)
  }

  began(owner: bigint): void {
    this.#busy.set(owner, (this.#busy.get(owner) ?? 0) + 1)
  }

  ended(owner: bigint): void {
    const left = (this.#busy.get(owner) ?? 0) - 1
    if (left > 0) this.#busy.set(owner, left)
    else this.#busy.delete(owner)
  }

  set(range: LockRange): void {
    this.#table(range).set(String(range.owner), range)
  }

  /** Whether the owner holds any byte of the range. */
  touches(range: LockRange): boolean {
    return this.#within(range).length > 0
  }

  /** All is gone: each owner is told when it relies on it. */
  lose(): void {
    for (const table of [this.#ranges, this.#flocks]) {
      for (const owner of Array.from(table.owners())) {
        this.lost.add(BigInt(owner))
        table.replace(owner, [])
      }
    }
  }

  /** Nothing is asked of this keeper any more. */
  leave(): void {
    this.isMoving = true
    this.asking.abort()
    this.asking = new AbortController()
  }

  record(holder: Member): LockRecord {
    const locks: LockRange[] = []
    for (const isFlock of [false, true]) {
      const table = isFlock ? this.#flocks : this.#ranges
      for (const owner of table.owners()) {
        for (const segment of table.heldBy(owner)) {
          locks.push({ ...segment, owner: BigInt(owner), isFlock })
        }
      }
    }
    return { holder, ...this.place, locks }
  }

  /**
   * Gives up what is in doubt: what the keeper must be told so that it holds what is held here, at
   * most what both agree on. None of it can stand in anybody's way.
   */
  withdraw(doubt: LockRange): LockRange[] {
    const weaker = (kind: Segment['kind']) => (doubt.kind === 'write' ? kind : doubt.kind)
    const kept = this.#within(doubt).map((segment) => ({
      ...doubt,
      ...segment,
      kind: weaker(segment.kind),
    }))
    const pieces = [{ ...doubt, kind: 'none' } as const, ...kept]
    for (const piece of pieces) this.set(piece)
    return gaps(doubt, kept).concat(kept)
  }

  #within({ from, to, ...range }: LockRange): Segment[] {
    return this.#table(range)
      .heldBy(String(range.owner))
      .filter((segment) => segment.from <= to && segment.to >= from)
      .map((segment) => ({
        ...segment,
        from: Math.max(from, segment.from),
        to: Math.min(to, segment.to),
      }))
  }

  #table({ isFlock }: { readonly isFlock: boolean }): RangeTable {
    return isFlock ? this.#flocks : this.#ranges
  }
}

/** The parts of a range that are not among these, to be unlocked. */
function gaps(range: LockRange, kept: readonly LockRange[]): LockRange[] {
  const free: LockRange[] = []
  let from = range.from
  for (const piece of kept) {
    if (piece.from > from) free.push({ ...range, kind: 'none', from, to: piece.from - 1 })
    from = piece.to + 1
  }
  if (from <= range.to) free.push({ ...range, kind: 'none', from })
  return free
}
