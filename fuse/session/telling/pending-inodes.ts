// Inodes whose pages the kernel is being told to drop. Where it keeps pages until it is told
// (EXPLICIT_INVAL_DATA), attributes that arrive before the notify would stand beside the old pages: a
// file that has grown would read as zeros between its old end and its new one. So an answer with
// attributes of such an inode waits for the notify. That is safe, since such a notify waits for pages
// alone, and those for answers that carry no attributes.
import type { Nodeid } from '../../../src/volume/volume.ts'

export class PendingInodes {
  readonly #counts = new Map<Nodeid, number>()
  #isSweeping = false
  readonly #held = new Map<Nodeid, (() => void)[]>()
  #isOver = false

  add(nodeid: Nodeid): void {
    this.#counts.set(nodeid, (this.#counts.get(nodeid) ?? 0) + 1)
  }

  /** All that the kernel knows. */
  addSweep(): void {
    this.#counts.clear()
    this.#isSweeping = true
  }

  isPending(nodeid: Nodeid): boolean {
    return !this.#isOver && (this.#isSweeping || this.#counts.has(nodeid))
  }

  /** Answers once the pages of an inode are dropped. */
  hold(nodeid: Nodeid, answer: () => void): void {
    const held = this.#held.get(nodeid)
    if (held === undefined) this.#held.set(nodeid, [answer])
    else held.push(answer)
  }

  /** The kernel has dropped the pages of an inode. */
  dropped(nodeid: Nodeid): void {
    const left = (this.#counts.get(nodeid) ?? 1) - 1
    if (left > 0) return void this.#counts.set(nodeid, left)
    this.#counts.delete(nodeid)
    if (!this.#isSweeping) this.#release(nodeid)
  }

  sweepDone(): void {
    this.#isSweeping = false
    for (const nodeid of this.#held.keys()) if (!this.isPending(nodeid)) this.#release(nodeid)
  }

  /** The kernel is told nothing any more: nobody waits. */
  giveUp(): void {
    this.#isOver = true
    for (const nodeid of this.#held.keys()) this.#release(nodeid)
  }

  #release(nodeid: Nodeid): void {
    const held = this.#held.get(nodeid)
    this.#held.delete(nodeid)
    for (const answer of held ?? []) answer()
  }
}
