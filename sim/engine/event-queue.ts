// What is due, in the order of (time, sequence): a heap of four children a place, whose times lie side
// by side in one typed array. A world of thousands of nodes has hundreds of thousands of events
// waiting; that many objects in a heap of two would cost a miss of the processor's cache a level.

/** `callback` is undefined once it has run or was cancelled. */
export type Event = { callback: (() => void) | undefined }

const CHILDREN_BITS = 2
const CHILDREN = 1 << CHILDREN_BITS

export class EventQueue {
  #times = new Float64Array(1024)
  /** Grows with each event, so that of one time the first asked for comes first. */
  #sequences = new Float64Array(1024)
  readonly #events: Event[] = []
  /** The event being placed, and when it is due. */
  #event: Event = { callback: undefined }
  #at = 0
  #sequence = 0

  get size(): number {
    return this.#events.length
  }

  /** When the first is due; Infinity where nothing is. */
  get nextAt(): number {
    return this.#events.length === 0 ? Infinity : (this.#times[0] as number)
  }

  get nextSequence(): number {
    return this.#sequences[0] as number
  }

  peek(): Event | undefined {
    return this.#events[0]
  }

  push(at: number, sequence: number, event: Event): void {
    const place = this.#events.length
    if (place === this.#times.length) this.#grow()
    this.#events.push(event)
    this.#times[place] = at
    this.#sequences[place] = sequence
    this.#take(place)
    this.#rise(place)
  }

  pop(): void {
    const last = this.#events.length - 1
    if (last < 0) return
    this.#take(last)
    this.#events.length = last
    if (last > 0) this.#sink(0)
  }

  /** Lets go of all that was cancelled, in O(n). */
  tidy(): void {
    const size = this.#events.length
    let kept = 0
    for (let place = 0; place < size; place++) {
      if (this.#events[place]?.callback === undefined) continue
      this.#move(place, kept)
      kept += 1
    }
    this.#events.length = kept
    for (let place = (kept - 2) >> CHILDREN_BITS; place >= 0; place--) {
      this.#take(place)
      this.#sink(place)
    }
  }

  /** Holds the event of a place, which then counts as free, until it is put. */
  #take(place: number): void {
    this.#at = this.#times[place] as number
    this.#sequence = this.#sequences[place] as number
    this.#event = this.#events[place] as Event
  }

  #put(place: number): void {
    this.#times[place] = this.#at
    this.#sequences[place] = this.#sequence
    this.#events[place] = this.#event
  }

  #rise(from: number): void {
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> CHILDREN_BITS
      if (!this.#isTakenBefore(parent)) break
      this.#move(parent, place)
      place = parent
    }
    this.#put(place)
  }

  #sink(from: number): void {
    let place = from
    for (;;) {
      const child = this.#firstChild(place)
      if (child < 0 || this.#isTakenBefore(child)) break
      this.#move(child, place)
      place = child
    }
    this.#put(place)
  }

  /** The place of the child that comes before its siblings; negative where there is none. */
  #firstChild(place: number): number {
    const from = (place << CHILDREN_BITS) + 1
    const to = Math.min(from + CHILDREN, this.#events.length)
    if (from >= to) return -1
    let first = from
    for (let child = from + 1; child < to; child++) if (this.#isBefore(child, first)) first = child
    return first
  }

  #isBefore(a: number, b: number): boolean {
    const [at, other] = [this.#times[a] as number, this.#times[b] as number]
    if (at !== other) return at < other
    return (this.#sequences[a] as number) < (this.#sequences[b] as number)
  }

  #isTakenBefore(place: number): boolean {
    const other = this.#times[place] as number
    if (this.#at !== other) return this.#at < other
    return this.#sequence < (this.#sequences[place] as number)
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from] as number
    this.#sequences[to] = this.#sequences[from] as number
    this.#events[to] = this.#events[from] as Event
  }

  #grow(): void {
    const [times, sequences] = [this.#times, this.#sequences]
    this.#times = new Float64Array(times.length * 2)
    this.#sequences = new Float64Array(times.length * 2)
    this.#times.set(times)
    this.#sequences.set(sequences)
  }
}
