// Waiting, made out of the one primitive that a clock has.
import type { Clock } from '../ports/clock.ts'
import type { StopSignal } from './abort.ts'
import { PotluckError } from './errors.ts'

type Options = { readonly signal?: StopSignal }

/** Waits `ms` milliseconds. @throws PotluckError ABORTED as soon as the signal aborts. */
export function sleep(clock: Clock, ms: number, options: Options = {}): Promise<void> {
  const { signal } = options
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new PotluckError('ABORTED', 'the wait was given up'))
      return
    }
    const onAbort = () => {
      cancel()
      reject(new PotluckError('ABORTED', 'the wait was given up'))
    }
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
