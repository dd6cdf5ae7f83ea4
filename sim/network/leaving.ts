// The messages that may not all have left through a line: a line that waits for the thread holds no more
// for it, so the time at which the line will be free does not say how many bytes are still here.

/** Below this many entries that are gone it is not worth moving the others. */
const GONE_MIN = 64

export class Leaving {
  /** When the last byte of each leaves, and its size, in turn; in one array, which keeps its room. */
  readonly #entries: number[] = []
  #from = 0
  #to = 0
  #bytes = 0

  add(at: number, bytes: number): void {
    this.#entries[this.#to] = at
    this.#entries[this.#to + 1] = bytes
    this.#to += 2
    this.#bytes += bytes
  }

  /** What has left by now is counted no longer. */
  forgetGone(now: number): void {
    while (this.#from < this.#to && (this.#entries[this.#from] as number) <= now) {
      this.#bytes -= this.#entries[this.#from + 1] as number
      this.#from += 2
    }
    if (this.#from < this.#to && (this.#from < GONE_MIN || this.#from * 2 < this.#to)) return
    this.#entries.copyWithin(0, this.#from, this.#to)
    this.#to -= this.#from
    this.#from = 0
  }

  /** Bytes still here, where the line takes so many a millisecond. */
  bytesLeft(now: number, bytesAMs: number): number {
    if (this.#from === this.#to) return 0
    const [at, bytes] = [
      this.#entries[this.#from] as number,
      this.#entries[this.#from + 1] as number,
    ]
    return this.#bytes - bytes + Math.min(bytes, (at - now) * bytesAMs)
  }
}
