import assert from 'node:assert/strict'

/** Nothing is there. */
export const ABSENT = 0

/** So many contents a key may have had since one that is durable: who writes then has to sync. */
export const MOST_POSSIBLE = 16

/** The numbers of the contents that one key may have: one client changes it, one thing at a time. */
export class Expected {
  /** The last that is durable, and all that came after it. */
  #possible: number[] = [ABSENT]

  /** What everybody reads, while nothing is under way. */
  get now(): number {
    return this.#possible.at(-1) ?? ABSENT
  }

  /** No more than this may be open: the next change has to be durable. */
  get mustSync(): boolean {
    return this.#possible.length >= MOST_POSSIBLE
  }

  /** From now on it may be there. */
  begin(content: number): void {
    this.#possible.push(content)
  }

  /** What was begun is there. */
  done(isDurable: boolean): void {
    if (isDurable) this.settle()
  }

  /** What was begun did not happen. */
  refused(): void {
    assert(this.#possible.length > 1)
    this.#possible.pop()
  }

  /** What is there now is durable. */
  settle(): void {
    this.#possible = [this.now]
  }

  /** After a crash: whether this may be there. It is what the next life begins with. */
  find(content: number): boolean {
    const isPossible = this.#possible.includes(content)
    this.#possible = [content]
    return isPossible
  }
}
