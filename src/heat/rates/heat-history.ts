// What was hottest over the last half hour, for a picture of it: a few names and a few samples.
import type { Path } from '../../ports/messages.ts'

const SAMPLES_MAX = 180

export type HeatSample = {
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly files: readonly {
    readonly volume: string
    readonly path: Path
    readonly perSecond: number
  }[]
}

export class HeatHistory {
  readonly #everyMs: number
  readonly #samples: HeatSample[] = []

  /** @param everyMs between two samples, at least */
  constructor(everyMs: number) {
    this.#everyMs = everyMs
  }

  get samples(): readonly HeatSample[] {
    return this.#samples
  }

  /** Keeps what `look` finds, where it is time for another sample. */
  note(nowMs: number, look: () => Omit<HeatSample, 'atMs'>): void {
    const last = this.#samples.at(-1)
    if (last !== undefined && nowMs - last.atMs < this.#everyMs) return
    this.#samples.push({ atMs: nowMs, ...look() })
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift()
  }
}
