// One life of one node: from its start to its crash or stop. Whatever a node waits for, a timer, a
// reply, the source, reaches it through its life; so a crash silences all of its code at once, and a
// hang (SIGSTOP) holds everything back until it ends.
import type { Clock } from '../../src/ports/clock.ts'
import { PotluckError } from '../../src/base/errors.ts'
import type { VirtualClock } from './virtual-clock.ts'

export type LifeState = 'running' | 'hung' | 'dead'

export class Life implements Clock {
  readonly #clock: VirtualClock
  readonly #skewMs: number
  readonly #mourners = new Set<(error: Error) => void>()
  #state: LifeState = 'running'
  #held: (() => void)[] = []
  #timers = 0

  /** @param skewMs by how much this node's clock is ahead of the true time */
  constructor(clock: VirtualClock, skewMs = 0) {
    this.#clock = clock
    this.#skewMs = skewMs
  }

  get state(): LifeState {
    return this.#state
  }

  /** How many timers are set: after a node's `stop` there should be none. */
  get timers(): number {
    return this.#timers
  }

  now(): number {
    return this.#clock.now() + this.#skewMs
  }

  after(delayMs: number, callback: () => void): () => void {
    let isSet = true
    this.#timers += 1
    const fire = () => {
      if (!isSet) return
      if (this.#state !== 'running') return this.whenRunning(fire)
      isSet = false
      this.#timers -= 1
      callback()
    }
    const event = this.#clock.schedule(delayMs, fire)
    return () => {
      if (isSet) this.#timers -= 1
      isSet = false
      this.#clock.cancel(event)
    }
  }

  /** Runs now, at the end of a hang, or never. */
  whenRunning(callback: () => void): void {
    if (this.#state === 'running') callback()
    else if (this.#state === 'hung') this.#held.push(callback)
  }

  /** Settles as the work does, and rejects with CLOSED where this life ends before. */
  within<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#state === 'dead') {
        // Nobody hears any more how it ends.
        work.catch(() => {})
        return reject(deadError())
      }
      this.#mourners.add(reject)
      return void work.then(
        (value) => {
          this.#mourners.delete(reject)
          resolve(value)
        },
        (error: unknown) => {
          this.#mourners.delete(reject)
          reject(error as Error)
        },
      )
    })
  }

  /** Calls once, at the end of this life. */
  onEnd(listener: () => void): void {
    this.#mourners.add(listener)
  }

  hang(): void {
    if (this.#state === 'running') this.#state = 'hung'
  }

  resume(): void {
    if (this.#state !== 'hung') return
    this.#state = 'running'
    for (const callback of this.#held.splice(0)) callback()
  }

  end(): void {
    this.#state = 'dead'
    this.#held = []
    for (const mourn of this.#mourners) mourn(deadError())
    this.#mourners.clear()
  }
}

function deadError(): PotluckError {
  return new PotluckError('CLOSED', 'the node is dead')
}
