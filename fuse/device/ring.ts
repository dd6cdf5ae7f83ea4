// The device: everything that touches /dev/fuse while a mount lives. Three threads share one
// descriptor, each with one kind of call, because each of them may be put to sleep by the kernel:
//
//   reader thread    blocks in read(2), puts each request into a ring of shared memory
//   main thread      takes requests out of the ring, writes replies, never blocks
//   notify thread    writes notifies, which may sleep until main has answered something else
//
// What this must never do: write a notify from a thread that serves requests (the kernel may hold
// a directory's lock for a request not yet read: both sleep for ever), or wait for one.
//
// The ring: the reader reads straight into shared memory, main decodes it there, so a request is
// never copied and never cloned. Main is woken by a message only when it said that it sleeps, so
// that under load one message wakes it for many requests.
import assert from 'node:assert/strict'
import { COUNTED_OPCODES } from '../protocol/opcodes.ts'
import { MAX_IO_BYTES } from '../protocol/negotiate.ts'

/** The kernel refuses a read buffer below max_write + 80 bytes. */
export const READ_BYTES = MAX_IO_BYTES + 4096
const DATA_BYTES = 4 * READ_BYTES
const SLOTS = 1024

/** Places in the control array. */
const PRODUCED = 0
const CONSUMED = 1
const MAIN_SLEEPS = 2
const STOPPED = 3
const THREAD_ID = 4
const ENDED = 5
const FIRST_ANSWERED = 6
const FIRST_SLOT = FIRST_ANSWERED + COUNTED_OPCODES

const CONTROL_BYTES = (FIRST_SLOT + 2 * SLOTS) * 4

export function allocateRing(): SharedArrayBuffer {
  return new SharedArrayBuffer(CONTROL_BYTES + DATA_BYTES)
}

class RingEnd {
  readonly control: Int32Array
  readonly bytes: Buffer
  readonly view: DataView

  constructor(memory: SharedArrayBuffer) {
    this.control = new Int32Array(memory, 0, CONTROL_BYTES / 4)
    this.bytes = Buffer.from(memory, CONTROL_BYTES, DATA_BYTES)
    this.view = new DataView(memory, CONTROL_BYTES, DATA_BYTES)
  }

  protected slot(number: number): number {
    return FIRST_SLOT + 2 * (number & (SLOTS - 1))
  }

  protected load(index: number): number {
    return Atomics.load(this.control, index)
  }
}

/** The reader thread's end. */
export class RingProducer extends RingEnd {
  #produced = 0
  #at = 0

  get isStopped(): boolean {
    return this.load(STOPPED) === 1
  }

  /** Tells main whom to wake. */
  begin(threadId: number): void {
    Atomics.store(this.control, THREAD_ID, threadId)
  }

  /** Nothing is read any more. */
  end(): void {
    Atomics.store(this.control, ENDED, 1)
    Atomics.notify(this.control, ENDED)
  }

  /** Where READ_BYTES of room are; sleeps until main has made it. Undefined once stopped. */
  room(): number | undefined {
    while (!this.isStopped) {
      const consumed = this.load(CONSUMED)
      const at = this.#place(consumed)
      if (at !== undefined) return (this.#at = at)
      Atomics.wait(this.control, CONSUMED, consumed, 1000)
    }
    return undefined
  }

  #place(consumed: number): number | undefined {
    const waiting = (this.#produced - consumed) | 0
    if (waiting === 0) return 0
    if (waiting === SLOTS) return undefined
    const oldest = this.control[this.slot(consumed)] ?? 0
    if (this.#at <= oldest) return this.#at + READ_BYTES <= oldest ? this.#at : undefined
    if (this.#at + READ_BYTES <= DATA_BYTES) return this.#at
    return READ_BYTES <= oldest ? 0 : undefined
  }

  /** What was read into `room()` has been answered: it is counted, and the room is free again. */
  onAnswered(opcode: number): void {
    Atomics.add(this.control, FIRST_ANSWERED + Math.min(opcode, COUNTED_OPCODES - 1), 1)
  }

  /** Hands over what was read into `room()`. @returns whether main must be woken */
  publish(length: number): boolean {
    const slot = this.slot(this.#produced)
    this.control[slot] = this.#at
    this.control[slot + 1] = length
    this.#at += (length + 7) & ~7
    this.#produced = (this.#produced + 1) | 0
    Atomics.store(this.control, PRODUCED, this.#produced)
    return Atomics.exchange(this.control, MAIN_SLEEPS, 0) === 1
  }
}

/** Main's end. */
export class RingConsumer extends RingEnd {
  #consumed = 0

  constructor(memory: SharedArrayBuffer) {
    super(memory)
    Atomics.store(this.control, MAIN_SLEEPS, 1)
  }

  /** Tells the reader to end as soon as it wakes. */
  stop(): void {
    Atomics.store(this.control, STOPPED, 1)
  }

  /** The reader thread's number; 0 until it runs. */
  get threadId(): number {
    return this.load(THREAD_ID)
  }

  /** By opcode, how many requests the reader thread answered itself. */
  answered(): Uint32Array {
    return new Uint32Array(this.control.subarray(FIRST_ANSWERED, FIRST_SLOT))
  }

  get hasEnded(): boolean {
    return this.load(ENDED) === 1
  }

  /** Sleeps until the reader has ended, for a process that is about to. @returns whether it has */
  waitForEnd(ms: number): boolean {
    Atomics.wait(this.control, ENDED, 0, ms)
    return this.hasEnded
  }

  /**
   * Calls `take` with each message that waits, at most `limit`, which must have taken from it what
   * it needs when it returns. @returns false if more may be waiting; true if main now sleeps
   */
  drain(limit: number, take: (start: number, length: number) => void): boolean {
    for (let taken = 0; taken < limit; taken++) {
      if (this.load(PRODUCED) === this.#consumed && this.#sleep()) return true
      const slot = this.slot(this.#consumed)
      const start = this.control[slot] ?? 0
      const length = this.control[slot + 1] ?? 0
      assert(start + length <= DATA_BYTES, 'the ring holds what was never read')
      take(start, length)
      this.#consumed = (this.#consumed + 1) | 0
      Atomics.store(this.control, CONSUMED, this.#consumed)
      Atomics.notify(this.control, CONSUMED)
    }
    return false
  }

  /** Says that main must be woken, unless a message came while it said so. */
  #sleep(): boolean {
    Atomics.store(this.control, MAIN_SLEEPS, 1)
    if (this.load(PRODUCED) === this.#consumed) return true
    // Whoever takes the flag back owes the wake-up: the reader may have taken it already, and then
    // its message finds nothing, which does no harm.
    Atomics.store(this.control, MAIN_SLEEPS, 0)
    return false
  }
}
