// One fetch under way, and everyone who waits for it. The work is given up only when the last
// waiter has left.
import { Stopper, type StopSignal, waitUnlessAborted } from '../base/abort.ts'
import type { Key, Want } from '../ports/messages.ts'
import type { SourceAnswer } from '../authority/directory-authority.ts'

/** Where an answer came from, seen from this node. */
export type Tier = 'shard' | 'peer' | 'source'

export type Fetched = {
  readonly answer: SourceAnswer
  readonly tier: Tier
  /** Somebody else's flight brought it, so it is counted there. */
  readonly isJoined?: boolean
}

export type Work = (key: Key, want: Want, signal: StopSignal) => Promise<Fetched>

export type FlightPlan = {
  /** What it brings, and how: only those who want the same share it. */
  readonly name: string
  readonly key: Key
  readonly work: Work
}

/** It is the signal of its own work. */
export class Flight extends Stopper {
  readonly name: string
  readonly want: Want
  readonly #work: Promise<Fetched>
  #waiters = 0
  #isSettled = false

  /** `onEnd` runs before anyone who waits is told. */
  constructor({ name, work, key }: FlightPlan, want: Want, onEnd: (flight: Flight) => void) {
    super()
    this.name = name
    this.want = want
    this.#work = work(key, want, this)
    const end = () => {
      this.#isSettled = true
      onEnd(this)
    }
    // Whoever waits sees the error; with nobody left there is nobody to tell.
    this.#work.then(end, end)
  }

  /** No longer of use to a newcomer: everyone left, so it is being given up. */
  get isGivenUp(): boolean {
    return this.aborted
  }

  wait(signal?: StopSignal): Promise<Fetched> {
    this.#waiters += 1
    return waitUnlessAborted(this.#work, signal, () => this.#leave())
  }

  #leave(): void {
    this.#waiters -= 1
    if (this.#waiters === 0 && !this.#isSettled) this.abort()
  }
}

/** How many bytes it brought. */
export function bytesIn({ answer }: Fetched): number {
  return answer.type === 'block' ? answer.block.bytes.length : 0
}
