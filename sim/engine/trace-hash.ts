// A running hash over all that happened: when, from whom, to whom, how much. Two runs of one seed
// agree on it, or something outside the seed has had a say.
export type Arrival = {
  readonly atMs: number
  readonly from: number
  readonly to: number
  readonly bytes: number
}

export class TraceHash {
  readonly #words = new Uint32Array(new Float64Array(1).buffer)
  readonly #double = new Float64Array(this.#words.buffer)
  #low = 0x811c9dc5
  #high = 0x9e3779b9
  #count = 0

  /** How many events were added. */
  get count(): number {
    return this.#count
  }

  /** A message of so many bytes arrives, from and to nodes of these numbers. */
  add({ atMs, from, to, bytes }: Arrival): void {
    this.#double[0] = atMs
    this.#mix(this.#words[0] as number)
    this.#mix(this.#words[1] as number)
    this.#mix(from)
    this.#mix(to)
    this.#mix(bytes)
    this.#count += 1
  }

  toString(): string {
    const hex = (word: number) => (word >>> 0).toString(16).padStart(8, '0')
    return hex(this.#high) + hex(this.#low)
  }

  #mix(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x01000193)
    this.#high = Math.imul(this.#high ^ this.#low ^ (this.#high >>> 15), 0x85ebca6b)
  }
}
