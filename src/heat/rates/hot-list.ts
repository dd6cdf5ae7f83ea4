// How often inodes are used, in bounded memory: an exponentially weighted moving average each, of as
// many as fit. A half-life after the last use, a rate is half of what it was.
//
// It is the space-saving sketch (Metwally et al., 2005) with forward decay (Cormode et al., 2009): uses
// are weighed by when they happen, so that nothing has to be aged, and all entries keep their order. When
// the list is full the coldest eighth goes, and who comes new is taken to have been as warm as the warmest
// of those: that is its error. A rate without the error is never too high, so a scan of a large tree heats
// nothing; what is hotter than the scan's own files stays.
import assert from 'node:assert/strict'
import type { Inode, Path } from '../../ports/messages.ts'
import { HiddenUse } from './hidden-use.ts'

const KEPT_SHARE = 7 / 8
/** Weights grow by this many doublings, then all are brought down: doubles go up to 1,023. */
const DOUBLINGS_MAX = 500

/** One inode's use on this node. */
export type Use = {
  readonly inode: Inode
  path: Path
  /** In uses at the landmark; and how much of it may be somebody else's. */
  weight: number
  error: number
  /** When it was last counted. */
  usedMs: number
  readonly hidden: HiddenUse
}

export type HotListInit = {
  readonly halfLifeMs: number
  /** Inodes at most. */
  readonly capacity: number
}

export class HotList {
  readonly #init: HotListInit
  readonly #uses = new Map<Inode, Use>()
  #landmarkMs = 0
  /** What may have been forgotten of any inode that is not here. */
  #floor = 0

  constructor(init: HotListInit) {
    assert(init.halfLifeMs > 0 && init.capacity >= 8)
    this.#init = init
  }

  get size(): number {
    return this.#uses.size
  }

  find(inode: Inode): Use | undefined {
    return this.#uses.get(inode)
  }

  /** Counts uses of an inode; `count` may be a fraction where it was estimated. */
  add(at: { readonly inode: Inode; readonly path: Path }, nowMs: number, count = 1): Use {
    const known = this.#uses.get(at.inode)
    const gained = count * this.#growth(nowMs)
    if (known !== undefined) {
      known.path = at.path
      known.usedMs = nowMs
      known.weight += gained
      return known
    }
    if (this.#uses.size >= this.#init.capacity) this.#forgetColdest()
    const weight = this.#floor + gained
    const use = { ...at, weight, error: this.#floor, usedMs: nowMs, hidden: new HiddenUse() }
    this.#uses.set(at.inode, use)
    return use
  }

  /** Accesses a second, never too many; 0 for what is not here. */
  rateOf(inode: Inode, nowMs: number): number {
    const use = this.#uses.get(inode)
    return use === undefined ? 0 : this.#rate(use, nowMs)
  }

  /** The hottest first, as far as they are used `least` times a second. */
  top(
    count: number,
    nowMs: number,
    least = 0,
  ): { readonly use: Use; readonly perSecond: number }[] {
    const rates = [...this.#uses.values()].map((use) => ({
      use,
      perSecond: this.#rate(use, nowMs),
    }))
    return rates
      .filter(({ perSecond }) => perSecond > 0 && perSecond >= least)
      .sort((a, b) => b.perSecond - a.perSecond)
      .slice(0, count)
  }

  #rate({ weight, error }: Use, nowMs: number): number {
    // In balance, one use a second weighs half-life ÷ ln 2.
    const perSecond = Math.LN2 / (this.#init.halfLifeMs / 1000)
    return ((weight - error) / this.#growth(nowMs)) * perSecond
  }

  /** What one use weighs now, in uses at the landmark. */
  #growth(nowMs: number): number {
    if (this.#uses.size === 0) this.#landmarkMs = nowMs
    let doublings = (nowMs - this.#landmarkMs) / this.#init.halfLifeMs
    if (doublings > DOUBLINGS_MAX) {
      this.#bringDown(doublings)
      this.#landmarkMs = nowMs
      doublings = 0
    }
    return 2 ** doublings
  }

  #bringDown(doublings: number): void {
    const factor = 2 ** -doublings
    this.#floor *= factor
    for (const use of this.#uses.values()) {
      use.weight *= factor
      use.error *= factor
    }
  }

  #forgetColdest(): void {
    const byWeight = [...this.#uses.values()].sort((a, b) => b.weight - a.weight)
    const gone = byWeight.slice(Math.floor(this.#init.capacity * KEPT_SHARE))
    this.#floor = Math.max(this.#floor, gone[0]?.weight ?? 0)
    for (const { inode } of gone) this.#uses.delete(inode)
  }
}
