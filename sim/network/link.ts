// What one node has to send and receive with: a line out, a line in, one thread. Each is a queue that
// needs no more than the time at which it will be free.
import type { NetworkCosts } from './costs.ts'

export type Traffic = { messages: number; bytes: number }

export class Link {
  readonly sent: Traffic = { messages: 0, bytes: 0 }
  readonly received: Traffic = { messages: 0, bytes: 0 }
  /** Multiplies every cost of this node's thread and lines: 10 is a node ten times slower. */
  slowness = 1
  readonly #costs: NetworkCosts
  /** When the last byte of each message that may still be here leaves, and its size, from `#head` on. */
  readonly #leaving: { readonly at: number; readonly bytes: number }[] = []
  #head = 0
  #leavingBytes = 0
  #threadFreeAt = 0
  #upFreeAt = 0
  #downFreeAt = 0

  constructor(costs: NetworkCosts) {
    this.#costs = costs
  }

  /** Sends a message: when its first and its last byte leave, in elapsed milliseconds. */
  send(now: number, bytes: number): { readonly firstAt: number; readonly lastAt: number } {
    const { upBytesPerMs } = this.#costs
    this.sent.messages += 1
    this.sent.bytes += bytes
    this.#threadFreeAt = Math.max(now, this.#threadFreeAt) + this.#threadMs(bytes)
    const firstAt = Math.max(this.#threadFreeAt, this.#upFreeAt)
    this.#upFreeAt = firstAt + (bytes / upBytesPerMs) * this.slowness
    this.#forgetGone(now)
    this.#leaving.push({ at: this.#upFreeAt, bytes })
    this.#leavingBytes += bytes
    return { firstAt, lastAt: this.#upFreeAt }
  }

  /** The first byte of a message arrives: when the last one is in. */
  receive(now: number, bytes: number): number {
    const lineMs = (bytes / this.#costs.downBytesPerMs) * this.slowness
    this.received.messages += 1
    this.received.bytes += bytes
    this.#downFreeAt = Math.max(now, this.#downFreeAt) + lineMs
    return this.#downFreeAt
  }

  /** A message of one packet arrives whole, having been on the line already: when it is in. */
  receivePacket(now: number, bytes: number): number {
    const lineMs = (bytes / this.#costs.downBytesPerMs) * this.slowness
    return this.receive(now - lineMs, bytes)
  }

  /** Bytes come in that are no message of a peer, such as the storage's: when the last one is in. */
  takeIn(now: number, bytes: number): number {
    const { downBytesPerMs } = this.#costs
    this.#downFreeAt = Math.max(now, this.#downFreeAt) + (bytes / downBytesPerMs) * this.slowness
    return this.#downFreeAt
  }

  /**
   * The thread takes a message up: when it starts to. The work is charged behind that moment, so
   * that an idle node answers at once, and whatever it sends next comes after the work.
   */
  process(now: number, bytes: number): number {
    const startAt = Math.max(now, this.#threadFreeAt)
    this.#threadFreeAt = startAt + this.#threadMs(bytes)
    return startAt
  }

  /** The thread is busy with something besides messages. */
  work(now: number, cpuMs: number): void {
    this.#threadFreeAt = Math.max(now, this.#threadFreeAt) + cpuMs * this.slowness
  }

  /** Bytes accepted for sending that the operating system has not taken yet. */
  queuedBytes(now: number): number {
    const { upBytesPerMs, socketBytes } = this.#costs
    this.#forgetGone(now)
    const first = this.#leaving[this.#head]
    if (first === undefined) return 0
    const left = Math.min(first.bytes, ((first.at - now) * upBytesPerMs) / this.slowness)
    return Math.max(0, Math.round(this.#leavingBytes - first.bytes + left - socketBytes))
  }

  /** What has left by now is counted no longer; a line that waits for the thread holds no more for it. */
  #forgetGone(now: number): void {
    for (let first = this.#leaving[this.#head]; first !== undefined && first.at <= now;) {
      this.#leavingBytes -= first.bytes
      this.#head += 1
      first = this.#leaving[this.#head]
    }
    if (this.#head * 2 < this.#leaving.length) return
    this.#leaving.splice(0, this.#head)
    this.#head = 0
  }

  #threadMs(bytes: number): number {
    const { cpuMessageMs, cpuByteMs } = this.#costs
    return (cpuMessageMs + cpuByteMs * bytes) * this.slowness
  }
}
