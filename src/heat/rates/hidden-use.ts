// How often a file is used while its kernel answers by itself.
//
// A kernel that was told a file's name asks again only when that validity, the lease, has run out, and
// somebody uses the file. So uses within a lease are not seen; but how long it then takes until the next
// one says how frequent they are. For uses that do not depend on each other (Poisson), the time from the
// lease's end is exponential with the same rate, and (n - 1) ÷ the sum of n such times has that rate as its
// mean. A program that looks at regular times is seen as up to twice as frequent; those that look
// several times at one moment, as looking once. Sums fade, so that it follows what changes.

/** Of what is known before, so much counts at the next time: about the last ten are remembered. */
const KEPT = 0.9
/** Kernels count in ticks of up to 4 ms: no difference below this means anything. */
const WAITED_MIN_MS = 1

export class HiddenUse {
  /** The kernel does not ask before. */
  #untilMs = 0
  #leaseMs = 0
  #times = 0
  #waitedMs = 0

  /** The kernel has been told, and is quiet for so long. */
  lease(nowMs: number, leaseMs: number): void {
    this.#untilMs = nowMs + leaseMs
    this.#leaseMs = leaseMs
  }

  isLeased(nowMs: number): boolean {
    return nowMs < this.#untilMs
  }

  /** The kernel asks. @returns how many uses it answered itself before, about */
  asked(nowMs: number): number {
    // It asks before its time: the name was dropped, or another kernel asks.
    if (this.#untilMs === 0 || nowMs < this.#untilMs) return 0
    this.#times = this.#times * KEPT + 1
    const waitedMs = Math.max(WAITED_MIN_MS, nowMs - this.#untilMs)
    this.#waitedMs = this.#waitedMs * KEPT + waitedMs
    return ((this.#times - 1) / this.#waitedMs) * this.#leaseMs
  }
}
