// One shared piece of work, many who wait for it: each may leave on its own signal.
import { PotluckError } from './errors.ts'

export function abortedError(): PotluckError {
  return new PotluckError('ABORTED', 'the request was given up')
}

/**
 * Waits for shared work until the signal aborts. The work itself goes on; `leave` runs once where
 * the waiter left early.
 */
export function waitUnlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
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
    signal.addEventListener('abort', onAbort, { once: true })
    const settle = () => signal.removeEventListener('abort', onAbort)
    work.then(
      (value) => {
        settle()
        resolve(value)
      },
      (error: unknown) => {
        settle()
        reject(error as Error)
      },
    )
  })
}
