// What is due, in the order of (time, sequence): a heap of four children a place, whose times lie side
// by side in one typed array. A world of thousands of nodes has hundreds of thousands of events
// waiting; that many objects in a heap of two would cost a miss of the processor's cache a level.

/** What a callback returns that has woken nobody: it settled no promise, and called nobody's code. */
export const QUIET = 'quiet'

export type Callback = () => typeof QUIET | void

/** `callback` is undefined once it has run or was cancelled. */
export type Event = { callback: Callback | undefined }

const CHILDREN_BITS = 2
const CHILDREN = 1 << CHILDREN_BITS

export class EventQueue {
  #times = new Float64Array(1024)
  /** Grows with each event, so that of one time the first asked for comes first. */
  #sequences = new Float64Array(1024)
  readonly #events: Event[] = []

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
    const times = this.#room()
    const [events, sequences] = [this.#events, this.#sequences]
    let place = events.length
    events.push(event)
    // Up from the last place: whatever is later makes room.
    while (place > 0) {
      const parent = (place - 1) >> CHILDREN_BITS
      const other = times[parent] as number
      if (other < at || (other === at && (sequences[parent] as number) < sequence)) break
      times[place] = other
      sequences[place] = sequences[parent] as number
      events[place] = events[parent] as Event
      place = parent
    }
    times[place] = at
    sequences[place] = sequence
    events[place] = event
  }

  pop(): void {
    const event = this.#events.pop()
    const last = this.#events.length
    if (event !== undefined && last > 0) this.#sink(0, last, event)
  }

  /** Lets go of all that was cancelled, in O(n). */
  tidy(): void {
    const [events, times, sequences] = [this.#events, this.#times, this.#sequences]
    let kept = 0
    for (let place = 0; place < events.length; place++) {
      const event = events[place] as Event
      if (event.callback === undefined) continue
      times[kept] = times[place] as number
      sequences[kept] = sequences[place] as number
      events[kept] = event
      kept += 1
    }
    events.length = kept
    for (let place = (kept - 2) >> CHILDREN_BITS; place >= 0; place--) {
      this.#sink(place, place, events[place] as Event)
    }
  }

  /**
   * Down from a place: whatever is sooner moves up. The event's time and sequence lie at `source`.
   * All in local variables: a number in a field of its own would be an object each time.
   */
  #sink(from: number, source: number, event: Event): void {
    const [events, times, sequences] = [this.#events, this.#times, this.#sequences]
    const [at, sequence] = [times[source] as number, sequences[source] as number]
    const size = events.length
    let place = from
    for (;;) {
      const first = (place << CHILDREN_BITS) + 1
      if (first >= size) break
      const end = Math.min(first + CHILDREN, size)
      let child = first
      let childAt = times[first] as number
      for (let other = first + 1; other < end; other++) {
        const otherAt = times[other] as number
        if (otherAt > childAt) continue
        if (otherAt === childAt && (sequences[other] as number) > (sequences[child] as number)) {
          continue
        }
        child = other
        childAt = otherAt
      }
      if (childAt > at || (childAt === at && (sequences[child] as number) > sequence)) break
      times[place] = childAt
      sequences[place] = sequences[child] as number
      events[place] = events[child] as Event
      place = child
    }
    times[place] = at
    sequences[place] = sequence
    events[place] = event
  }

  /** The times, with room for one more. */
  #room(): Float64Array {
    const [times, sequences] = [this.#times, this.#sequences]
    if (this.#events.length < times.length) return times
    this.#times = new Float64Array(times.length * 2)
    this.#sequences = new Float64Array(times.length * 2)
    this.#times.set(times)
    this.#sequences.set(sequences)
    return this.#times
  }
}
