// What a keeper may or may not have done, because its answer never came: it is given up, so that the
// keeper holds what is held here and no more, before anything else is asked for the owner.
import type { LockRange } from '../../ports/changes.ts'
import type { Member } from '../../ports/locks.ts'
import { isSame } from '../roll/roll.ts'
import type { HeldInode } from './held-inode.ts'
import type { Questions } from './questions.ts'

export type DoubtsInit = {
  readonly questions: Questions
  readonly signal: AbortSignal
  /** Waits, longer each round. */
  readonly pause: (round: number) => Promise<void>
  readonly onSettled: (inode: HeldInode) => void
}

export class Doubts {
  readonly #init: DoubtsInit
  readonly #settling = new Set<HeldInode>()

  constructor(init: DoubtsInit) {
    this.#init = init
  }

  /** This keeper may have done what was asked, or not. */
  add(inode: HeldInode, range: LockRange, keeper: Member): void {
    // What another keeper was told since is certain.
    if (inode.keeper === undefined || !isSame(inode.keeper, keeper)) return
    const doubts = inode.doubts.get(range.owner) ?? []
    inode.doubts.set(range.owner, [...doubts, range])
    this.settle(inode)
  }

  /** Begins to, where there is any doubt and nothing else goes on. */
  settle(inode: HeldInode): void {
    if (!this.#settling.has(inode) && this.#nextOf(inode) !== undefined) void this.#settle(inode)
  }

  async #settle(inode: HeldInode): Promise<void> {
    this.#settling.add(inode)
    let round = 0
    for (let owner = this.#nextOf(inode); owner !== undefined; owner = this.#nextOf(inode)) {
      const [doubt, ...others] = inode.doubts.get(owner) ?? []
      if (doubt !== undefined && !(await this.#withdraw(inode, doubt))) {
        await this.#init.pause(round)
        round += 1
      } else if (others.length > 0) inode.doubts.set(owner, others)
      else inode.doubts.delete(owner)
    }
    this.#settling.delete(inode)
    this.#init.onSettled(inode)
  }

  /** An owner with doubts that nothing is being asked for. */
  #nextOf(inode: HeldInode): bigint | undefined {
    if (inode.isMoving || this.#init.signal.aborted) return undefined
    return [...inode.doubts.keys()].find((owner) => !inode.isBusyFor(owner))
  }

  async #withdraw(inode: HeldInode, doubt: LockRange): Promise<boolean> {
    const { questions, signal } = this.#init
    for (const range of inode.withdraw(doubt)) {
      const { keeper } = inode
      if (keeper === undefined) return false
      const outcome = await questions.try({ inode, range, wait: false, signal }, keeper)
      if (outcome !== 'done') return false
    }
    return true
  }
}
