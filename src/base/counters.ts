// Counts that only grow, by name; names end in their unit (`fetch_hedges_total`, `relay_bytes_total`).
export class Counters {
  readonly #counts = new Map<string, number>()

  add(name: string, amount = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + amount)
  }

  /** Sets a count that is kept elsewhere; it never falls. */
  raise(name: string, to: number): void {
    this.#counts.set(name, Math.max(to, this.#counts.get(name) ?? 0))
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  snapshot(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}
