// One connection to the kernel, seen from the main thread.
import { closeSync, writeSync, writevSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { Log } from '../../src/base/log.ts'
import { Message } from '../protocol/message.ts'
import type { XattrKinds } from './constant-answers.ts'
import { Notifier } from './notifier.ts'
import type { FromReader, ReaderInit } from './reader-messages.ts'
import { allocateRing, RingConsumer } from './ring.ts'
import { wakeThread } from './thread-signal.ts'

/** Requests taken in one turn of the event loop, so that replies and other work get theirs. */
const BURST = 64

const WAKE_MS = 20
const WAKE_TIMES = 100

export type ConnectionInit = XattrKinds & {
  /** The open device, already mounted. The connection closes it. */
  readonly fd: number
  readonly log: Log
  /** Called for each request; must have decoded it when it returns. */
  readonly onMessage: (message: Message) => void
}

/** What a session needs of the device, and all that a fake one has to have. */
export interface ReplyDevice {
  /**
   * Sends the first `length` bytes of `header`, then `slices`, as one message.
   * @returns false where nobody waits for it any more
   */
  reply(header: Uint8Array, length: number, slices?: readonly Uint8Array[]): boolean
}

export class Connection implements ReplyDevice {
  readonly notifier: Notifier
  /** Resolves with the errno's name that ended the connection, or 'stopped'. */
  readonly ended: Promise<string>
  #fd: number
  readonly #ring: RingConsumer
  readonly #init: ConnectionInit
  #writeErrors = 0

  constructor(init: ConnectionInit) {
    const memory = allocateRing()
    this.#init = init
    this.#fd = init.fd
    this.#ring = new RingConsumer(memory)
    this.notifier = new Notifier(init)
    this.ended = this.#startReader({ memory, fd: init.fd, hasAcls: init.hasAcls })
  }

  get writeErrors(): number {
    return this.#writeErrors
  }

  /** By opcode, how many requests the reader thread answered itself. */
  answered(): Uint32Array {
    return this.#ring.answered()
  }

  reply(header: Uint8Array, length: number, slices?: readonly Uint8Array[]): boolean {
    if (this.#fd < 0) return false
    try {
      if (slices === undefined) writeSync(this.#fd, header, 0, length)
      else writevSync(this.#fd, [header.subarray(0, length), ...slices])
      return true
    } catch (error) {
      this.#onWriteError(error as NodeJS.ErrnoException)
      return false
    }
  }

  /** ENOENT: the request was interrupted. ENODEV and EPERM: the mount has gone. */
  #onWriteError(error: NodeJS.ErrnoException): void {
    const { code } = error
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'EPERM') return
    this.#writeErrors++
    this.#init.log('error', `the kernel refused a reply: ${error.message}`, { code })
  }

  #startReader(workerData: ReaderInit): Promise<string> {
    const worker = new Worker(new URL('./reader-thread.ts', import.meta.url), {
      workerData,
      name: 'potluck-fuse-reader',
      // Not what this process was started with, which may name a script of its own.
      execArgv: [],
    })
    return new Promise((resolve) => {
      worker.on('message', (message: FromReader) => {
        if (message.type === 'wake') return this.#drain()
        this.#drain()
        resolve(message.why)
      })
      worker.on('error', (error) => {
        this.#init.log('error', `the reader thread failed: ${error.message}`, { error })
        resolve('EIO')
      })
      worker.on('exit', () => resolve('EIO'))
    })
  }

  readonly #drain = (): void => {
    const { bytes, view } = this.#ring
    const isEmpty = this.#ring.drain(BURST, (start, length) =>
      this.#init.onMessage(new Message({ bytes, view }, start, length)),
    )
    if (!isEmpty) setImmediate(this.#drain)
  }

  /** Makes the reader thread end, though it sleeps in read(2). */
  async #stopReading(): Promise<void> {
    this.#ring.stop()
    const wake = () => wakeThread(this.#ring.threadId)
    // Again and again: a signal that comes just before the thread goes to sleep is lost.
    const timer = setInterval(wake, WAKE_MS)
    wake()
    await this.ended
    clearInterval(timer)
  }

  /** The same for a process that is about to end and can't wait for an event. */
  stopReadingNow(): void {
    this.#ring.stop()
    for (let times = 0; times < WAKE_TIMES && !this.#ring.hasEnded; times++) {
      wakeThread(this.#ring.threadId)
      this.#ring.waitForEnd(WAKE_MS)
    }
  }

  /**
   * Closes the device once the reader has ended. Whoever still has a file open on the mount gets
   * ENOTCONN from then on, and nobody waits for a reply for ever.
   */
  async close(): Promise<void> {
    // While the notify thread is inside a write it holds the device open, and the write may wait
    // for a request: so reading goes on until it is done.
    await this.notifier.close()
    await this.#stopReading()
    if (this.#fd < 0) return
    const fd = this.#fd
    this.#fd = -1
    closeSync(fd)
  }
}
