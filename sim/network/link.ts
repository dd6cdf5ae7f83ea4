// What one node has to send and receive with: a line out, a line in, one thread. Each is a queue that
// needs no more than the time at which it will be free.
import type { NetworkCosts } from './costs.ts'
import { Leaving } from './leaving.ts'

export type Traffic = { readonly messages: number; readonly bytes: number }

/** Where each number of a link lies; eight numbers are one line of the processor's cache. */
const THREAD_FREE_AT = 0
const UP_FREE_AT = 1
const DOWN_FREE_AT = 2
const SENT_MESSAGES = 3
const SENT_BYTES = 4
const RECEIVED_MESSAGES = 5
const RECEIVED_BYTES = 6
/** Multiplies every cost of this node's thread and lines. */
const SLOWNESS = 7
const NUMBERS = 8

export class Link {
  readonly #costs: NetworkCosts
  /** In an array, since a number that is a field of its own is an object of its own. */
  readonly #numbers = new Float64Array(NUMBERS)
  readonly #leaving = new Leaving()

  constructor(costs: NetworkCosts) {
    this.#costs = costs
    this.#numbers[SLOWNESS] = 1
  }

  /** All that this node has sent. */
  get sent(): Traffic {
    return { messages: this.#at(SENT_MESSAGES), bytes: this.#at(SENT_BYTES) }
  }

  /** All that it has received. */
  get received(): Traffic {
    return { messages: this.#at(RECEIVED_MESSAGES), bytes: this.#at(RECEIVED_BYTES) }
  }

  /** 10 is a node ten times slower. */
  set slowness(factor: number) {
    this.#numbers[SLOWNESS] = factor
  }

  /** Sends a message: when its first and its last byte leave, in elapsed milliseconds. */
  send(now: number, bytes: number): { readonly firstAt: number; readonly lastAt: number } {
    const lineMs = (bytes / this.#costs.upBytesPerMs) * this.#at(SLOWNESS)
    this.#add(SENT_MESSAGES, 1)
    this.#add(SENT_BYTES, bytes)
    const firstAt = Math.max(
      this.#occupy(THREAD_FREE_AT, now, this.#threadMs(bytes)),
      this.#at(UP_FREE_AT),
    )
    const lastAt = this.#occupy(UP_FREE_AT, firstAt, lineMs)
    this.#leaving.forgetGone(now)
    this.#leaving.add(lastAt, bytes)
    return { firstAt, lastAt }
  }

  /** The first byte of a message arrives: when the last one is in. */
  receive(now: number, bytes: number): number {
    this.#add(RECEIVED_MESSAGES, 1)
    this.#add(RECEIVED_BYTES, bytes)
    return this.takeIn(now, bytes)
  }

  /** A message of one packet arrives whole, having been on the line already: when it is in. */
  receivePacket(now: number, bytes: number): number {
    return this.receive(now - this.#downMs(bytes), bytes)
  }

  /** Bytes come in that are no message of a peer, such as the storage's: when the last one is in. */
  takeIn(now: number, bytes: number): number {
    return this.#occupy(DOWN_FREE_AT, now, this.#downMs(bytes))
  }

  /**
   * The thread takes a message up: when it starts to. The work is charged behind that moment, so
   * that an idle node answers at once, and whatever it sends next comes after the work.
   */
  process(now: number, bytes: number): number {
    const startAt = Math.max(now, this.#at(THREAD_FREE_AT))
    this.#occupy(THREAD_FREE_AT, now, this.#threadMs(bytes))
    return startAt
  }

  /** The thread is busy with something besides messages. */
  work(now: number, cpuMs: number): void {
    this.#occupy(THREAD_FREE_AT, now, cpuMs * this.#at(SLOWNESS))
  }

  /** Bytes accepted for sending that the operating system has not taken yet. */
  queuedBytes(now: number): number {
    const { upBytesPerMs, socketBytes } = this.#costs
    const bytesAMs = upBytesPerMs / this.#at(SLOWNESS)
    // As if the line had never to wait for the thread: more there can't be.
    if ((this.#at(UP_FREE_AT) - now) * bytesAMs <= socketBytes) return 0
    this.#leaving.forgetGone(now)
    return Math.max(0, Math.round(this.#leaving.bytesLeft(now, bytesAMs) - socketBytes))
  }

  /** Keeps what is free at that time busy for so long, from now or from then on; until when. */
  #occupy(what: number, now: number, ms: number): number {
    const freeAt = Math.max(now, this.#at(what)) + ms
    this.#numbers[what] = freeAt
    return freeAt
  }

  #threadMs(bytes: number): number {
    const { cpuMessageMs, cpuByteMs } = this.#costs
    return (cpuMessageMs + cpuByteMs * bytes) * this.#at(SLOWNESS)
  }

  #downMs(bytes: number): number {
    return (bytes / this.#costs.downBytesPerMs) * this.#at(SLOWNESS)
  }

  #at(what: number): number {
    return this.#numbers[what] as number
  }

  #add(what: number, amount: number): void {
    this.#numbers[what] = this.#at(what) + amount
  }
}
