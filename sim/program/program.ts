// One process: takes its steps one after another. What is cached costs no event; the time between is
// slept off before the next step that has to wait, so that it is never ahead of the clock when it
// asks anybody. Callbacks and no promises: a large world has a hundred thousand of these.
import type { VirtualClock } from '../engine/virtual-clock.ts'
import type { Call, CallResult, Calls } from './calls.ts'
import type { Step } from './workload.ts'

/** It thinks ahead of the clock by at most this, while all it asks for is cached. */
const AHEAD_MS = 20

export type CallRecord = {
  readonly call: Call
  readonly result: CallResult
  readonly startedMs: number
}

export type ProgramInit = {
  readonly clock: VirtualClock
  readonly calls: Calls
  readonly steps: Iterator<Step>
  /** Called for each step that was answered out of the kernel's cache; false: it must be made. */
  readonly onCached: (call: Call) => boolean
  readonly onCall: (record: CallRecord) => void
  /** After the last step, or when the node has died. */
  readonly onEnd: () => void
}

export class Program {
  readonly #init: ProgramInit
  #aheadMs = 0
  /** The step to take when the clock has come to where this program is. */
  #next: Call | undefined
  #isOver = false

  constructor(init: ProgramInit) {
    this.#init = init
  }

  /** Goes on until it has to wait, or is over. */
  readonly go = (): void => {
    const { calls } = this.#init
    if (calls.life.state === 'dead') return this.#init.onEnd()
    const next = this.#next
    this.#next = undefined
    if (next !== undefined) return this.#take(next)
    if (this.#isOver) return this.#init.onEnd()
    return this.#advance()
  }

  #advance(): void {
    const { steps, calls, onCached } = this.#init
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      const { value } = step
      if (value.kind === 'think') {
        this.#aheadMs += value.ms
        if (this.#aheadMs >= AHEAD_MS) return this.#sleep()
      } else if (!calls.isHere(value) || !onCached(value)) {
        return this.#take(value)
      }
    }
    this.#isOver = true
    return this.#sleep()
  }

  #take(call: Call): void {
    const { clock, calls, onCall } = this.#init
    if (this.#aheadMs > 0) {
      this.#next = call
      return this.#sleep()
    }
    const startedMs = clock.elapsedMs
    return calls.make(call, (result) => {
      onCall({ call, result, startedMs })
      this.go()
    })
  }

  #sleep(): void {
    const { clock } = this.#init
    const untilMs = clock.elapsedMs + this.#aheadMs
    this.#aheadMs = 0
    clock.at(untilMs, this.go)
  }
}
