// One request under way: who waits for it, and who works on it. Settles once.
import type { Reply, Request } from '../../src/ports/messages.ts'
import { PotluckError, type ErrorCode, isErrorCode } from '../../src/base/errors.ts'
import { abortedError, Stopper, type StopSignal } from '../../src/base/abort.ts'
import type { Station } from './station.ts'

const ONCE = { once: true } as const

export class Call {
  readonly asker: Station
  readonly target: Station
  readonly request: Request
  readonly work = new HandlerOptions()
  readonly reply: Promise<Reply>
  #resolve: ((reply: Reply) => void) | undefined
  #reject: ((error: Error) => void) | undefined
  #isSettled = false
  #signal: StopSignal | undefined
  #onAbort: (() => void) | undefined
  /** Where it stands among the calls of its two ends. */
  #outgoingAt: number
  #incomingAt: number

  constructor(asker: Station, target: Station, request: Request) {
    this.asker = asker
    this.target = target
    this.request = request
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#outgoingAt = this.asker.outgoing.push(this) - 1
    this.#incomingAt = this.target.incoming.push(this) - 1
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** `onAbort` runs after the asker was told. */
  listen(signal: StopSignal, onAbort: (call: Call) => void): void {
    this.#signal = signal
    this.#onAbort = () => {
      if (this.#settle()) this.#reject?.(abortedError())
      onAbort(this)
    }
    signal.addEventListener('abort', this.#onAbort, ONCE)
  }

  answer(reply: Reply): void {
    if (reply.type !== 'failed') {
      if (this.#settle()) this.#resolve?.(reply)
    } else this.fail(isErrorCode(reply.code) ? reply.code : 'EIO', reply.message)
  }

  fail(code: ErrorCode, message: string): void {
    if (this.#settle()) this.#reject?.(new PotluckError(code, message))
  }

  /** Nobody is told: the asker is dead. */
  abandon(): void {
    this.#settle()
  }

  #settle(): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#leave()
    return true
  }

  /** The last of each list takes its place. */
  #leave(): void {
    const { outgoing } = this.asker
    const { incoming } = this.target
    const [lastOut, lastIn] = [outgoing.pop() as Call, incoming.pop() as Call]
    if (lastOut !== this) {
      outgoing[this.#outgoingAt] = lastOut
      lastOut.#outgoingAt = this.#outgoingAt
    }
    if (lastIn === this) return
    incoming[this.#incomingAt] = lastIn
    lastIn.#incomingAt = this.#incomingAt
  }
}

/** What a handler gets: its signal is made only where it is looked at. */
export class HandlerOptions {
  #stopper: Stopper | undefined
  #isAborted = false

  get signal(): StopSignal {
    this.#stopper ??= new Stopper()
    if (this.#isAborted) this.#stopper.abort()
    return this.#stopper
  }

  abort(): void {
    this.#isAborted = true
    this.#stopper?.abort()
  }
}
