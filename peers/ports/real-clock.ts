// Time and chance of the real machine: the only files of `peers` that `src` meets through its Clock
// and Random. They must behave as the simulated ones do, which test/ports holds both to; whatever
// else Node's timers can do (repeat, keep a process alive on purpose) stays outside.
import assert from 'node:assert/strict'
import type { Clock } from '../../src/ports/clock.ts'

/** Node's timers hold their delay in 31 bits and fire at once beyond that: about 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * The machine's clock as it was when the process started, and from then on the monotonic one, so
 * that a clock set back under way takes nothing back. A waiting timer keeps the process alive.
 */
export const realClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after(delayMs, callback) {
    assert(!Number.isNaN(delayMs), 'a delay that is no number')
    const due = performance.now() + delayMs
    let timer: NodeJS.Timeout
    const wait = (): void => {
      const leftMs = Math.max(due - performance.now(), 0)
      timer = setTimeout(fire, Math.min(leftMs, LONGEST_TIMER_MS))
    }
    // Node counts whole milliseconds and may be up to one early.
    const fire = (): void => (performance.now() < due ? wait() : callback())
    wait()
    return () => clearTimeout(timer)
  },
}
