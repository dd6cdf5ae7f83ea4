// Who waits for whom, over all inodes of one keeper: a wait that would close a circle is refused, as
// fcntl(2) promises. flock's waits are not looked at, nor does Linux.
import type { LockRange } from '../../ports/changes.ts'
import { type InodeLocks, type Owner, ownerName, type Waiter } from './inode-locks.ts'

/** Longer chains are not followed: a program that makes them has other troubles. */
const FOLLOWED_MAX = 10_000

export class Waits {
  /** By the name of the owner that waits. */
  readonly #waiting = new Map<string, Set<{ locks: InodeLocks; waiter: Waiter }>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The function returned ends the wait. */
  add(locks: InodeLocks, waiter: Waiter): () => void {
    const name = ownerName(waiter)
    const wait = { locks, waiter }
    const waits = this.#waiting.get(name) ?? new Set()
    this.#waiting.set(name, waits.add(wait))
    locks.waiters.push(waiter)
    this.#size += 1
    return () => {
      if (!waits.delete(wait)) return
      this.#size -= 1
      if (waits.size === 0) this.#waiting.delete(name)
      const at = locks.waiters.indexOf(waiter)
      if (at >= 0) locks.waiters.splice(at, 1)
    }
  }

  /** Whether somebody in the way already waits, if only through others, for this owner. */
  wouldDeadlock(locks: InodeLocks, owner: Owner, range: LockRange): boolean {
    if (range.isFlock) return false
    const self = ownerName(owner)
    const seen = new Set<string>()
    const ahead = locks.against(owner, range)
    for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
      if (name === self) return true
      if (seen.has(name) || seen.size >= FOLLOWED_MAX) continue
      seen.add(name)
      for (const { locks: others, waiter } of this.#waiting.get(name) ?? []) {
        if (!waiter.range.isFlock) ahead.push(...others.against(waiter, waiter.range))
      }
    }
    return false
  }
}
