// One shared piece of work, many who wait for it: each may leave on its own signal.
//
// A signal is made for every fetch, every climb and every want answered, and most of them never abort. The
// platform's AbortController costs a microsecond and half a kilobyte each time, so the mesh's own code
// asks for no more than a part of an AbortSignal, and makes its own ones by `Stopper`.
import { PotluckError } from './errors.ts'

/** The part of an AbortSignal that who waits needs; every AbortSignal is one. */
export type StopSignal = {
  readonly aborted: boolean
  readonly reason?: unknown
  /** Once: a listener is forgotten when it has run. */
  addEventListener(type: 'abort', listener: () => void, options?: typeof ONCE): void
  removeEventListener(type: 'abort', listener: () => void): void
}

const ONCE = { once: true } as const

/** A signal, and the means to abort it. */
export class Stopper implements StopSignal {
  #isAborted = false
  #reason: unknown
  /** Nearly always there is one listener at most. */
  #first: (() => void) | undefined
  #others: (() => void)[] | undefined

  get aborted(): boolean {
    return this.#isAborted
  }

  get reason(): unknown {
    return this.#reason
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    // As with an AbortSignal: who comes too late is never called.
    if (this.#isAborted) return
    if (this.#first === undefined) this.#first = listener
    else (this.#others ??= []).push(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    if (this.#first === listener) this.#first = undefined
    else if (this.#others !== undefined) {
      this.#others = this.#others.filter((other) => other !== listener)
    }
  }

  /** Calls the listeners, in no order, the first time. */
  abort(reason?: unknown): void {
    if (this.#isAborted) return
    this.#isAborted = true
    this.#reason = reason
    const [first, others] = [this.#first, this.#others]
    this.#first = undefined
    this.#others = undefined
    first?.()
    for (const listener of others ?? []) listener()
  }
}

export function abortedError(): PotluckError {
  return new PotluckError('ABORTED', 'the request was given up')
}

/**
 * Waits for shared work until the signal aborts. The work itself goes on; `leave` runs once where
 * the waiter left early.
 */
export function waitUnlessAborted<T>(
  work: Promise<T>,
  signal: StopSignal | undefined,
  leave: () => void,
): Promise<T> {
  if (signal === undefined) return work
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => {
      leave()
      reject(abortedError())
    }
    if (signal.aborted) {
      onAbort()
      // Begun for this one waiter, perhaps: nobody else may ever look at how it ends.
      work.catch(() => {})
      return
    }
    signal.addEventListener('abort', onAbort, ONCE)
    work.then(
      (value) => {
        signal.removeEventListener('abort', onAbort)
        resolve(value)
      },
      (error: unknown) => {
        signal.removeEventListener('abort', onAbort)
        reject(error as Error)
      },
    )
  })
}
