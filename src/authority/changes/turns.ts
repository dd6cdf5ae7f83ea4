// One at a time, by key: the changes of one inode are made, stamped and told in one order.

export class Turns {
  /** The last one in line for each key. */
  readonly #last = new Map<string, Promise<unknown>>()

  /** Somebody works on it or waits for it. */
  has(key: string): boolean {
    return this.#last.has(key)
  }

  /** Does the work once nobody who came before needs any of these keys. All are taken at once. */
  async take<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = keys.flatMap((key) => this.#last.get(key) ?? [])
    const done = before.length === 0 ? work() : Promise.all(before).then(work)
    // Who waits for it waits for its end, whichever it is.
    const over = done.then(doNothing, doNothing)
    for (const key of keys) this.#last.set(key, over)
    try {
      return await done
    } finally {
      for (const key of keys) if (this.#last.get(key) === over) this.#last.delete(key)
    }
  }
}

function doNothing(): void {}
