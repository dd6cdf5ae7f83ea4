// What is used of one volume on this node: by its mounts, whose kernels hide most of it, and by the
// clients of its socket. Costs a look into a map for what the kernel asks, and that it asks once a
// second for each file in use while RAM is short.
import type { Clock } from '../../ports/clock.ts'
import type { Inode, Path } from '../../ports/messages.ts'
import type { Random } from '../../ports/random.ts'
import { HotList, type HotListInit } from './hot-list.ts'

/**
 * So long a kernel may believe that a name leads to a file: short enough to see in seconds that it turns hot,
 * long enough that what is hot costs one small request a second.
 */
const LEASE_MS = 1_000
/**
 * The same while all that was read fits: for much longer, and what was hot before RAM became short would
 * not be seen when it does. A request a minute for each file in use costs nothing.
 */
const LOOSE_LEASE_MS = 60_000

export type UsesPorts = {
  readonly clock: Clock
  readonly random: Random
  /** Whether blocks have to go for others: only then is it worth a request a second to know what is hot. */
  readonly isTight: () => boolean
}

type File = { readonly inode: Inode; path(): Path }

export class Uses {
  readonly #clock: Clock
  readonly #random: Random
  readonly #isTight: () => boolean
  readonly list: HotList

  constructor({ clock, random, isTight }: UsesPorts, init: HotListInit) {
    this.#clock = clock
    this.#random = random
    this.#isTight = isTight
    this.list = new HotList(init)
  }

  /** A program looked a file up: opened it, most likely. @returns how long its kernel may believe it */
  looked(file: File, validMs: number): number {
    const now = this.#clock.now()
    const hidden = this.list.find(file.inode)?.hidden.asked(now) ?? 0
    // Of no fixed length, or it would beat against programs that look at regular times.
    const leaseMs = Math.min(validMs, this.#leaseMs * (0.5 + this.#random.next()))
    const use = this.list.add({ inode: file.inode, path: file.path() }, now, 1 + hidden)
    use.hidden.lease(now, leaseMs)
    return leaseMs
  }

  /** Bytes of a file were read: news of it only where nobody has looked it up just before. */
  read(file: File): void {
    const now = this.#clock.now()
    if (this.list.find(file.inode)?.hidden.isLeased(now) === true) return
    const use = this.list.add({ inode: file.inode, path: file.path() }, now)
    use.hidden.lease(now, LEASE_MS)
  }

  /** A file that takes changes was opened, written, or read by its handle: once a second is news of it. */
  used(file: File): void {
    const now = this.#clock.now()
    const sinceMs = now - (this.list.find(file.inode)?.usedMs ?? -Infinity)
    if (sinceMs >= LEASE_MS) this.list.add({ inode: file.inode, path: file.path() }, now)
  }

  /** How long a kernel may believe what a listing says of a file. */
  listedMs(validMs: number): number {
    return Math.min(validMs, this.#leaseMs)
  }

  get #leaseMs(): number {
    return this.#isTight() ? LEASE_MS : LOOSE_LEASE_MS
  }
}
