// A shard's part in a swap over several shards. In two phases: each shard checks its keys, holds
// them and stores its part as an *intent*; when all have, one of them stores the *decision*; then each
// puts its part in place. All of it is durable before the next step, so that a crash at any moment
// leaves either no decision, and the intents are dropped, or one, and they are carried out.
//
// While a key is held, reads and changes of it wait: nobody sees one half of a swap and then the
// other half as it was before.
import assert from 'node:assert/strict'
import { PotluckError } from '../../base/errors.ts'
import type { Log } from '../../log/log.ts'
import { KIND, valueKey } from '../kinds.ts'
import type { Locks } from './locks.ts'
import type { UnderWay } from './under-way.ts'
import type { Answer, SwapChange } from '../operation.ts'
import type { Reaper } from '../reaper.ts'
import { decodeChanges, encodeChanges } from './swap-codec.ts'
import { commitSwap } from './swap-commit.ts'

export type SwapPartsInit = {
  readonly log: Log
  readonly locks: Locks
  readonly reaper: Reaper
  readonly underWay: UnderWay
}

export class SwapParts {
  readonly #log: Log
  readonly #locks: Locks
  readonly #reaper: Reaper
  readonly #underWay: UnderWay
  /** By the swap's name. */
  readonly #prepared = new Map<string, readonly SwapChange[]>()

  constructor({ log, locks, reaper, underWay }: SwapPartsInit) {
    this.#log = log
    this.#locks = locks
    this.#reaper = reaper
    this.#underWay = underWay
  }

  /** Swaps that are prepared and not yet ended. */
  get prepared(): number {
    return this.#prepared.size
  }

  /** Before anything else is served: holds again what was held when the log was closed. */
  async recover(): Promise<Answer> {
    const swaps: Uint8Array[] = []
    const decided: Uint8Array[] = []
    for (const { kind, key } of this.#log.listed) {
      if (kind === KIND.decision) decided.push(key)
      if (kind !== KIND.intent) continue
      const record = await this.#log.read(this.#log.key(KIND.intent, key))
      if (record === undefined) continue
      const changes = decodeChanges(record.payload)
      this.#locks.take(changes.map((change) => change.key))
      this.#prepared.set(nameOf(key), changes)
      swaps.push(key)
    }
    return { type: 'swaps', swaps, decided }
  }

  async prepare(swap: Uint8Array, changes: readonly SwapChange[]): Promise<Answer> {
    const keys = changes.map(({ key }) => key)
    if (!this.#locks.take(keys)) return { type: 'busy' }
    try {
      // Changes that were let in before the keys were held may still be on their way.
      await this.#underWay.ended()
      for (const [change, { key, expected }] of changes.entries()) {
        const head = await this.#log.head(valueKey(this.#log, key))
        const version = head?.version ?? 0
        if (version === expected) continue
        this.#locks.give(keys)
        return { type: 'mismatch', change, version }
      }
      const value = { payload: encodeChanges(changes) }
      await this.#log.commit([{ key: this.#log.key(KIND.intent, swap), value }], 'sync')
    } catch (error) {
      this.#locks.give(keys)
      throw error
    }
    this.#prepared.set(nameOf(swap), changes)
    return { type: 'done', version: 0 }
  }

  async decide(swap: Uint8Array): Promise<Answer> {
    const value = { payload: new Uint8Array(0) }
    await this.#log.commit([{ key: this.#log.key(KIND.decision, swap), value }], 'sync')
    return { type: 'done', version: 0 }
  }

  async isDecided(swap: Uint8Array): Promise<Answer> {
    const head = await this.#log.head(this.#log.key(KIND.decision, swap))
    return { type: 'truth', isTrue: head !== undefined, version: 0 }
  }

  /** Puts this shard's part in place, together with the end of the intent. */
  async apply(swap: Uint8Array): Promise<Answer> {
    const changes = this.#prepared.get(nameOf(swap))
    if (changes === undefined) throw new PotluckError('EINVAL', 'no such swap is prepared here')
    const also = [{ key: this.#log.key(KIND.intent, swap) }]
    const parts = { log: this.#log, reaper: this.#reaper }
    const outcome = await commitSwap(parts, changes, { also, durability: 'disk', isOwed: true })
    assert(outcome.isDone, 'a key changed while a swap held it')
    this.#end(swap, changes)
    return { type: 'done', version: outcome.version }
  }

  async abort(swap: Uint8Array): Promise<Answer> {
    const changes = this.#prepared.get(nameOf(swap))
    if (changes === undefined) return { type: 'done', version: 0 }
    await this.#log.commit([{ key: this.#log.key(KIND.intent, swap) }], 'memory')
    this.#end(swap, changes)
    return { type: 'done', version: 0 }
  }

  /** The swap is in place on all shards, durably. */
  async forget(swap: Uint8Array): Promise<Answer> {
    await this.#log.commit([{ key: this.#log.key(KIND.decision, swap) }], 'memory')
    return { type: 'done', version: 0 }
  }

  #end(swap: Uint8Array, changes: readonly SwapChange[]): void {
    this.#prepared.delete(nameOf(swap))
    this.#locks.give(changes.map(({ key }) => key))
  }
}

function nameOf(swap: Uint8Array): string {
  return Buffer.from(swap).toString('latin1')
}
