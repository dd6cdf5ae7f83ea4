// When hundreds of nodes see the same start, one of them shall tell the others of it: each waits a random
// while, and who hears of a trace meanwhile waits until it has had the time to come.
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { Trace } from './trace.ts'

/** As long as it takes to fetch a trace that was told of. */
const HELD_BACK_MS = 1_500
const PENDING_MAX = 64

export type LearningInit = {
  readonly clock: Clock
  readonly random: Random
  /** Within so many milliseconds all who saw the same start have their turn. */
  readonly spreadMs: () => number
}

export class Learning {
  readonly #init: LearningInit
  readonly #learn: (trace: Trace) => void
  /** How each one's turn is called off. */
  readonly #pending = new Map<Trace, () => void>()

  constructor(init: LearningInit, learn: (trace: Trace) => void) {
    this.#init = init
    this.#learn = learn
  }

  /** What was recorded, to be learned in its turn. */
  add(recorded: Trace): void {
    if (this.#pending.size >= PENDING_MAX) this.#learn(recorded)
    else this.#after(0, recorded)
  }

  /** Another node has a new trace, which may be of a start that was seen here, too. */
  holdBack(): void {
    for (const [recorded, cancel] of this.#pending) {
      cancel()
      this.#after(HELD_BACK_MS, recorded)
    }
  }

  /** All that waits has its turn now. */
  flush(): void {
    for (const [recorded, cancel] of this.#pending) {
      cancel()
      this.#pending.delete(recorded)
      this.#learn(recorded)
    }
  }

  #after(leastMs: number, recorded: Trace): void {
    const { clock, random, spreadMs } = this.#init
    const delayMs = leastMs + random.next() * spreadMs()
    const cancel = clock.after(delayMs, () => {
      this.#pending.delete(recorded)
      this.#learn(recorded)
    })
    this.#pending.set(recorded, cancel)
  }
}
