// One request for all who ask for the same at once. What news overtakes while it is under way is still
// the answer to those who asked before, but nobody keeps it.
import { PassingMap } from '../../src/base/passing-map.ts'

export class Flights<Key, Value> {
  readonly #flights = new PassingMap<Key, Promise<Value>>()

  /** Joins the request under way, or begins one and hands what comes of it to `keep`. */
  join(key: Key, begin: () => Promise<Value>, keep: (value: Value) => void): Promise<Value> {
    const known = this.#flights.get(key)
    if (known !== undefined) return known
    const flight: Promise<Value> = begin().then(
      (value) => {
        if (this.#leave(key, flight)) keep(value)
        return value
      },
      (error: unknown) => {
        this.#leave(key, flight)
        throw error
      },
    )
    this.#flights.set(key, flight)
    return flight
  }

  overtake(isMeant: (key: Key) => boolean): void {
    for (const key of this.#flights.keys()) if (isMeant(key)) this.#flights.delete(key)
  }

  /** False where it was overtaken. */
  #leave(key: Key, flight: Promise<Value>): boolean {
    return this.#flights.get(key) === flight && this.#flights.delete(key)
  }
}
