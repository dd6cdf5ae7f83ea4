import { SLICE_BYTES } from './frame.ts'

/** A reply that waits to leave, or is partly gone. */
export type Parcel = {
  readonly id: number
  readonly head: Uint8Array
  readonly payload: Uint8Array | undefined
  readonly length: number
  sent: number
}

/** Replies up to this size go ahead of larger ones. */
const SMALL_BYTES = SLICE_BYTES
/** After so many bytes of small replies a large one gets its turn. */
const SMALL_RUN_BYTES = 4 * SLICE_BYTES

/** The replies that wait on a link: small ones first, large ones in turns, neither starving. */
export class Parcels {
  #small: Parcel[] = []
  #large: Parcel[] = []
  /** Bytes of small replies sent since a large one had its turn. */
  #smallRun = 0
  #bytes = 0

  /** What is still to be sent of all of them. */
  get bytes(): number {
    return this.#bytes
  }

  add(id: number, head: Uint8Array, payload: Uint8Array | undefined): void {
    const length = head.length + (payload?.length ?? 0)
    this.#queueOf(length).push({ id, head, payload, length, sent: 0 })
    this.#bytes += length
  }

  drop(id: number): void {
    for (const queue of [this.#small, this.#large]) {
      const index = queue.findIndex((parcel) => parcel.id === id)
      const parcel = queue[index]
      if (parcel === undefined) continue
      this.#bytes -= parcel.length - parcel.sent
      queue.splice(index, 1)
    }
  }

  /** The reply whose turn it is; `sent` must follow. */
  next(): Parcel | undefined {
    const small = this.#small[0]
    const large = this.#large[0]
    if (small === undefined || (large !== undefined && this.#smallRun >= SMALL_RUN_BYTES)) {
      this.#smallRun = 0
      return large
    }
    this.#smallRun += small.length
    return small
  }

  /**
   * So much more of the reply whose turn it was has left; what is left of a large one queues again.
   */
  sent(parcel: Parcel, bytes: number): void {
    parcel.sent += bytes
    this.#bytes -= bytes
    const queue = this.#queueOf(parcel.length)
    const isDone = parcel.sent === parcel.length
    if (queue === this.#small && !isDone) return
    queue.shift()
    if (!isDone) queue.push(parcel)
  }

  clear(): void {
    this.#small = []
    this.#large = []
    this.#bytes = 0
  }

  #queueOf(length: number): Parcel[] {
    return length <= SMALL_BYTES ? this.#small : this.#large
  }
}
