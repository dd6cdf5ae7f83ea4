// A map of what comes and goes: requests under way, open files. The platform's Map makes itself a new table
// whenever it has emptied or filled up with deletions, and the old table leads to the new one: once
// one of them has become old to the garbage collector, all that follow it become old with it, and
// what was in them. Here a deleted entry stays as an empty one until there are many of them.
//
// Entries are in the order in which their keys first came.

/** Fewer empty entries than this are no reason to make the map anew. */
const EMPTY_MIN = 48

export class PassingMap<Key, Value extends object> {
  #entries = new Map<Key, Value | undefined>()
  #size = 0

  get size(): number {
    return this.#size
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key)
  }

  has(key: Key): boolean {
    return this.#entries.get(key) !== undefined
  }

  set(key: Key, value: Value): void {
    if (this.#entries.get(key) === undefined) this.#size += 1
    this.#entries.set(key, value)
  }

  /** False where there is no such key. */
  delete(key: Key): boolean {
    if (this.#entries.get(key) === undefined) return false
    this.#entries.set(key, undefined)
    this.#size -= 1
    const empty = this.#entries.size - this.#size
    if (empty > EMPTY_MIN && empty > this.#size) this.#tidy()
    return true
  }

  *keys(): Generator<Key> {
    for (const [key] of this) yield key
  }

  *values(): Generator<Value> {
    for (const [, value] of this) yield value
  }

  /** What is added or deleted meanwhile may or may not be met. */
  *[Symbol.iterator](): Generator<[Key, Value]> {
    for (const [key, value] of this.#entries) if (value !== undefined) yield [key, value]
  }

  #tidy(): void {
    const entries = new Map<Key, Value | undefined>()
    for (const [key, value] of this.#entries) if (value !== undefined) entries.set(key, value)
    this.#entries = entries
  }
}
