/** What is under way, and when all of it that had begun by a certain moment has ended. */
export class UnderWay {
  #now: Epoch = newEpoch()
  /** Earlier ones in which something is still under way. */
  readonly #earlier = new Set<Epoch>()

  async during<T>(work: () => Promise<T>): Promise<T> {
    const epoch = this.#now
    epoch.count += 1
    try {
      return await work()
    } finally {
      epoch.count -= 1
      if (epoch.count === 0 && this.#earlier.delete(epoch)) epoch.end()
    }
  }

  /** Resolves when everything that is under way now has ended. */
  async ended(): Promise<void> {
    if (this.#now.count > 0) {
      this.#earlier.add(this.#now)
      this.#now = newEpoch()
    }
    await Promise.all([...this.#earlier].map(({ ended }) => ended))
  }
}

type Epoch = { count: number; readonly ended: Promise<void>; readonly end: () => void }

function newEpoch(): Epoch {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { count: 0, ended: promise, end: resolve }
}
