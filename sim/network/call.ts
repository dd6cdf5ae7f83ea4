// One request under way: who waits for it, and who works on it. Settles once.
import type { Reply, Request } from '../../src/ports/messages.ts'
import { PotluckError, type ErrorCode, isErrorCode } from '../../src/base/errors.ts'
import { abortedError } from '../../src/base/abort.ts'
import type { Station } from './station.ts'

const ONCE = { once: true } as const

export class Call {
  readonly asker: Station
  readonly target: Station
  readonly request: Request
  readonly work = new HandlerOptions()
  readonly #resolve: (reply: Reply) => void
  readonly #reject: (error: Error) => void
  #isSettled = false
  #signal: AbortSignal | undefined
  #onAbort: (() => void) | undefined

  constructor(
    ends: { readonly asker: Station; readonly target: Station },
    request: Request,
    promise: { resolve: (reply: Reply) => void; reject: (error: Error) => void },
  ) {
    this.asker = ends.asker
    this.target = ends.target
    this.request = request
    this.#resolve = promise.resolve
    this.#reject = promise.reject
    this.asker.outgoing.add(this)
    this.target.incoming.add(this)
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** `onAbort` runs after the asker was told. */
  listen(signal: AbortSignal, onAbort: () => void): void {
    this.#signal = signal
    this.#onAbort = () => {
      if (this.#settle()) this.#reject(abortedError())
      onAbort()
    }
    signal.addEventListener('abort', this.#onAbort, ONCE)
  }

  answer(reply: Reply): void {
    if (reply.type !== 'failed') {
      if (this.#settle()) this.#resolve(reply)
    } else this.fail(isErrorCode(reply.code) ? reply.code : 'EIO', reply.message)
  }

  fail(code: ErrorCode, message: string): void {
    if (this.#settle()) this.#reject(new PotluckError(code, message))
  }

  /** Nobody is told: the asker is dead. */
  abandon(): void {
    this.#settle()
  }

  #settle(): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort)
    this.asker.outgoing.delete(this)
    this.target.incoming.delete(this)
    return true
  }
}

/** What a handler gets: its signal is made only where it is looked at. */
export class HandlerOptions {
  #controller: AbortController | undefined
  #isAborted = false

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isAborted) this.#controller.abort()
    return this.#controller.signal
  }

  abort(): void {
    this.#isAborted = true
    this.#controller?.abort()
  }
}
