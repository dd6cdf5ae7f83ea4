// One process: takes its steps one after another. What is cached costs no event; the time between is
// slept off before the next step that has to wait, so that it is never ahead of the clock when it
// asks anybody. Callbacks and no promises: a large world has a hundred thousand of these.
import type { VirtualClock } from '../engine/virtual-clock.ts'
import type { Call, CallResult, Calls, Waiter } from './calls.ts'
import type { Step } from './workload.ts'

/** It thinks ahead of the clock by at most this, while all it asks for is cached. */
const AHEAD_MS = 20

export type ProgramInit = {
  readonly clock: VirtualClock
  readonly calls: Calls
  readonly steps: Iterator<Step>
  /** Called for each step that the kernel has cached; false: it must be made all the same. */
  readonly onCached: (call: Call) => boolean
  readonly onCall: (call: Call, result: CallResult, startedMs: number) => void
  /** After the last step, or when the node has died. */
  readonly onEnd: () => void
}

export class Program implements Waiter {
  readonly #init: ProgramInit
  neededMs = 0
  #aheadMs = 0
  #isOver = false

  constructor(init: ProgramInit) {
    this.#init = init
  }

  /** Goes on until it has to wait, or is over. */
  readonly go = (): void => {
    const { calls, onEnd } = this.#init
    if (this.#isOver || calls.life.state === 'dead') onEnd()
    else this.#advance()
  }

  answer(call: Call, result: CallResult): void {
    const { clock, onCached, onCall } = this.#init
    const { neededMs } = this
    const now = clock.elapsedMs
    this.#aheadMs = Math.max(0, neededMs - now)
    if (neededMs <= now || !onCached(call)) onCall(call, result, Math.min(neededMs, now))
    this.go()
  }

  #advance(): void {
    const { clock, steps, calls, onCached } = this.#init
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      const { value } = step
      if (value.kind === 'think') {
        this.#aheadMs += value.ms
        if (this.#aheadMs >= AHEAD_MS) return this.#sleep()
      } else if (!calls.isHere(value) || !onCached(value)) {
        this.neededMs = clock.elapsedMs + this.#aheadMs
        return calls.make(value, this)
      }
    }
    this.#isOver = true
    return this.#sleep()
  }

  #sleep(): void {
    const { clock } = this.#init
    const untilMs = clock.elapsedMs + this.#aheadMs
    this.#aheadMs = 0
    clock.at(untilMs, this.go)
  }
}
