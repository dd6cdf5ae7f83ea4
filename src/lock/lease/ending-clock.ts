import type { Clock } from '../../ports/clock.ts'

/**
 * A clock that may come to its end: then nothing is waited for any more. Whoever waits goes on at once,
 * and has to look whether there is anything left to do.
 */
export class EndingClock implements Clock {
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()
  #isOver = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  after(delayMs: number, callback: () => void): () => void {
    if (this.#isOver) {
      let isWanted = true
      queueMicrotask(() => isWanted && callback())
      return () => void (isWanted = false)
    }
    const fire = (): void => {
      this.#waiting.delete(end)
      callback()
    }
    const cancel = this.#clock.after(delayMs, fire)
    const end = (): void => {
      cancel()
      fire()
    }
    this.#waiting.add(end)
    return () => {
      this.#waiting.delete(end)
      cancel()
    }
  }

  end(): void {
    this.#isOver = true
    for (const end of this.#waiting) end()
  }
}
