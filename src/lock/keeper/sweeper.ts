import type { Clock } from '../../ports/clock.ts'
import { RENEW_MS } from '../terms.ts'

/** Does some work now and then, as long as the work says that there will be more. */
export class Sweeper {
  readonly #clock: Clock
  readonly #sweep: () => Promise<boolean>
  #cancel: (() => void) | undefined
  #isStopped = false

  constructor(clock: Clock, sweep: () => Promise<boolean>) {
    this.#clock = clock
    this.#sweep = sweep
  }

  later(): void {
    if (this.#isStopped || this.#cancel !== undefined) return
    this.#cancel = this.#clock.after(RENEW_MS / 2, () => {
      this.#cancel = undefined
      void this.#run()
    })
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  async #run(): Promise<void> {
    if (await this.#sweep()) this.later()
  }
}
