// The main thread's side of a notify thread: one batch under way at a time, the thread started with
// the first one. What goes this way waits for one kind of lock in the kernel alone.
import { Worker } from 'node:worker_threads'
import type { Log } from '../../src/base/log.ts'
import type { FromNotifier, NotifierInit, ToNotifier } from './notify-messages.ts'

/** Notifies one behind the other, and what to do when the kernel has taken them. */
export type Batch = { readonly bytes: Uint8Array; readonly done: () => void }

export type NotifySource = {
  /** Undefined when there is nothing to say. */
  readonly next: () => Batch | undefined
  /** Nothing will be told any more. */
  readonly onFailed: () => void
}

const NOTHING: NotifySource = { next: () => undefined, onFailed: () => undefined }

export class Notifier {
  readonly #fd: number
  readonly #log: Log
  #worker: Worker | undefined
  #source = NOTHING
  #done: () => void = () => undefined
  #onIdle: () => void = () => undefined
  #isBusy = false
  #isClosed = false
  #sent = 0
  #unknown = 0
  #failed = 0

  constructor({ fd, log }: { fd: number; log: Log }) {
    this.#fd = fd
    this.#log = log
  }

  /** `unknown`: the kernel had no such inode or name, so nothing was there to forget. */
  counts(): { sent: number; unknown: number; failed: number } {
    return { sent: this.#sent, unknown: this.#unknown, failed: this.#failed }
  }

  /** Must be called once, when the kernel is ready for notifies (INIT is answered). */
  start(source: NotifySource): void {
    this.#source = source
    this.pump()
  }

  /** Sends what there is to send, now or when the batch under way is done. */
  pump(): void {
    if (this.#isBusy || this.#isClosed) return
    const batch = this.#source.next()
    if (batch === undefined) return
    this.#isBusy = true
    this.#done = batch.done
    this.#worker ??= this.#startThread()
    this.#worker.postMessage({ batch: batch.bytes } satisfies ToNotifier)
  }

  #startThread(): Worker {
    const workerData: NotifierInit = { fd: this.#fd }
    const worker = new Worker(new URL('./notify-thread.ts', import.meta.url), {
      workerData,
      name: 'potluck-fuse-notify',
      execArgv: [],
    })
    worker.on('message', (result: FromNotifier) => this.#onWritten(result))
    worker.on('error', (error) => {
      this.#log('error', `the notify thread failed: ${error.message}`, { error })
      this.#isClosed = true
      this.#isBusy = false
      this.#source.onFailed()
      this.#onIdle()
    })
    worker.unref()
    return worker
  }

  #onWritten({ sent, failed }: FromNotifier): void {
    this.#sent += sent
    for (const [code, count] of Object.entries(failed)) {
      if (code === 'ENOENT') this.#unknown += count
      else this.#onRefused(code, count)
    }
    this.#isBusy = false
    this.#done()
    this.#onIdle()
    this.pump()
  }

  #onRefused(code: string, count: number): void {
    this.#failed += count
    if (this.#isClosed || code === 'ENODEV' || code === 'ENOTCONN') return
    this.#log('warn', `the kernel refused ${count} notifies`, { code })
  }

  /**
   * Says no more, and ends the thread when the batch under way is written. Requests must be
   * answered until then, if only with an error: the batch may be waiting for one.
   */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#idle()
    await this.#worker?.terminate()
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isBusy) this.#onIdle = resolve
      else resolve()
    })
  }
}
