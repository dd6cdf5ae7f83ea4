// One fetch under way, and everyone who waits for it. The work is given up only when the last
// waiter has left.
import { Stopper, type StopSignal, waitUnlessAborted } from '../base/abort.ts'
import type { Want } from '../ports/messages.ts'
import type { SourceAnswer } from '../authority/directory-authority.ts'

/** Where an answer came from, seen from this node. */
export type Tier = 'shard' | 'peer' | 'source'

export type Fetched = {
  readonly answer: SourceAnswer
  readonly tier: Tier
  /** Somebody else's flight brought it, so it is counted there. */
  readonly isJoined?: boolean
}

export class Flight {
  readonly want: Want
  readonly #stopper = new Stopper()
  readonly #work: Promise<Fetched>
  #waiters = 0
  #isSettled = false

  /** `onEnd` runs before anyone who waits is told. */
  constructor(
    want: Want,
    work: (signal: StopSignal) => Promise<Fetched>,
    onEnd: (flight: Flight) => void,
  ) {
    this.want = want
    this.#work = work(this.#stopper)
    const end = () => {
      this.#isSettled = true
      onEnd(this)
    }
    // Whoever waits sees the error; with nobody left there is nobody to tell.
    this.#work.then(end, end)
  }

  /** No longer of use to a newcomer: everyone left, so it is being given up. */
  get isGivenUp(): boolean {
    return this.#stopper.aborted
  }

  wait(signal?: StopSignal): Promise<Fetched> {
    this.#waiters += 1
    return waitUnlessAborted(this.#work, signal, () => this.#leave())
  }

  #leave(): void {
    this.#waiters -= 1
    if (this.#waiters === 0 && !this.#isSettled) this.#stopper.abort()
  }
}
