// When what nodes tell of changes was true. A stamp says it by its node's clock, which may be wrong, and
// a hybrid clock may have been pushed ahead by others; the moment at which it was told is no later than
// either, and is what a reader may be held to. What was found when a page was checked is told of with an
// older stamp, and promises nothing: whoever has not checked may go on until it is time to.
import { msOf, SKEW_MS } from '../../src/block/stamp.ts'
import type { Inode, Invalidation, Stamp } from '../../src/ports/messages.ts'
import { WRITES_MS } from '../../src/node/writing/telling.ts'
import { START_MS } from '../engine/virtual-clock.ts'

/** A node gathers what it tells for so long, and what was written to files longer. */
const GATHERED_MS = 1
const WRITES_GATHERED_MS = GATHERED_MS + WRITES_MS

export class Tellings {
  /** In elapsed milliseconds, by inode and stamp. */
  readonly #toldMs = new Map<string, number>()

  /** `aheadMs`: how far the teller's clock is ahead of the true time. */
  told(
    { inode, stamp, tookMs = 0, news }: Invalidation,
    teller: { aheadMs: number; nowMs: number },
  ): void {
    const name = nameOf(inode, stamp)
    if (this.#toldMs.has(name)) return
    const byClock = msOf(stamp) - START_MS - teller.aheadMs
    const isWrite = news?.type === 'attributes' && news.isContent
    const toldMs = teller.nowMs - (isWrite ? WRITES_GATHERED_MS : GATHERED_MS)
    const isFound = byClock <= toldMs - SKEW_MS
    // Of what others have changed while the storage was slow to answer, this says nothing.
    this.#toldMs.set(name, isFound ? -Infinity : Math.min(byClock, toldMs) - tookMs)
  }

  /** Before which moment a state must have ended to be news. */
  toldMs({ inode, stamp }: Invalidation): number {
    return this.#toldMs.get(nameOf(inode, stamp)) ?? msOf(stamp) - START_MS
  }
}

function nameOf(inode: Inode, stamp: Stamp): string {
  return `${inode} ${stamp}`
}
