/**
 * What all clients of a thread ask for in one turn of its event loop, begun together. Each of them
 * was heard by itself: begun at once, each would be written by itself too, and synced by itself.
 */
export class Turn {
  readonly #begins: (() => void)[] = []

  /** Begins it when everybody has been heard. It must not throw. */
  add(begin: () => void): void {
    this.#begins.push(begin)
    if (this.#begins.length > 1) return
    setImmediate(() => {
      for (const each of this.#begins.splice(0)) each()
    })
  }
}
