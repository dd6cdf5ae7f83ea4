// Counts that only grow, by name; names end in their unit (`fetch_hedges_total`, `relay_bytes_total`).
//
// Each name has the same place in the counts of every node of a process: several of them change with each
// message, and thousands of maps would not stay in the processor's cache.

/** Only names that the code has: there are some dozens. */
const places = new Map<string, number>()

export class Counters {
  /** By place; undefined where nothing was ever counted. */
  readonly #counts: (number | undefined)[] = []

  add(name: string, amount = 1): void {
    const place = placeOf(name)
    this.#counts[place] = (this.#counts[place] ?? 0) + amount
  }

  /** Sets a count that is kept elsewhere; it never falls. */
  raise(name: string, to: number): void {
    const place = placeOf(name)
    this.#counts[place] = Math.max(to, this.#counts[place] ?? 0)
  }

  get(name: string): number {
    return this.#counts[placeOf(name)] ?? 0
  }

  snapshot(): Record<string, number> {
    const counted = [...places].flatMap(([name, place]): [string, number][] => {
      const count = this.#counts[place]
      return count === undefined ? [] : [[name, count]]
    })
    return Object.fromEntries(counted.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

function placeOf(name: string): number {
  const known = places.get(name)
  if (known !== undefined) return known
  places.set(name, places.size)
  return places.size - 1
}
