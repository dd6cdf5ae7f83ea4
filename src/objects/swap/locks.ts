import { PotluckError } from '../../base/errors.ts'
import type { ObjectKey } from '../operation.ts'

/** Who may wait for one key; more are refused. */
const MOST_WAITING = 4096

/** Keys that a swap over several shards holds until it is decided. Short, and seldom any. */
export class Locks {
  readonly #held = new Map<string, (() => void)[]>()

  /** Keys that are held. */
  get held(): number {
    return this.#held.size
  }

  isHeld(key: ObjectKey): boolean {
    return this.#held.size > 0 && this.#held.has(nameOf(key))
  }

  /** All or none. */
  take(keys: readonly ObjectKey[]): boolean {
    if (keys.some((key) => this.isHeld(key))) return false
    for (const key of keys) this.#held.set(nameOf(key), [])
    return true
  }

  give(keys: readonly ObjectKey[]): void {
    for (const key of keys) {
      const waiting = this.#held.get(nameOf(key)) ?? []
      this.#held.delete(nameOf(key))
      for (const wake of waiting) wake()
    }
  }

  /** Resolves when nobody holds it. @throws PotluckError BUSY where too many wait */
  async free(key: ObjectKey): Promise<void> {
    for (;;) {
      const waiting = this.#held.get(nameOf(key))
      if (waiting === undefined) return
      if (waiting.length >= MOST_WAITING) throw new PotluckError('BUSY', 'too many wait for a key')
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
  }
}

function nameOf(key: ObjectKey): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
}
