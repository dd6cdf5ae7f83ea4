// All shards as one store: each operation goes to the shard that has the key; what concerns several
// is put together here. A shard may be in this thread or another one.
import assert from 'node:assert/strict'
import { codeOf, PotluckError } from '../base/errors.ts'
import { sleep } from '../base/time.ts'
import { hashOf } from '../log/format/hash.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import {
  type Answer,
  MOST_ANSWER_BYTES,
  MOST_FOLLOWED,
  type ObjectKey,
  type ObjectRecord,
  type Operation,
  type Performer,
  type ShardOperation,
  type StoreOperation,
  type SwapChange,
} from './operation.ts'

const ROUTING_SEED = 0x9747b28c
/** Swaps that meet each other half-way try again after about this long, and longer each time. */
const RETRY_MS = 1
const MOST_RETRIES = 12
/** So often a decided swap tries to be put in place on a disk that is full. */
const FULL_MS = 100

/** Which of so many shards a key is on: every client may know. */
export function shardOf(key: ObjectKey, shards: number): number {
  return shards === 1 ? 0 : hashOf(key, ROUTING_SEED).low % shards
}

export type StoreInit = {
  readonly shards: readonly Performer<ShardOperation>[]
  readonly clock: Clock
  readonly random: Random
}

type Swap = Extract<StoreOperation, { type: 'swap' }>

export class ObjectStore implements Performer<Operation> {
  readonly #init: StoreInit

  constructor(init: StoreInit) {
    assert(init.shards.length > 0)
    this.#init = init
  }

  async perform(operation: Operation): Promise<Answer> {
    switch (operation.type) {
      case 'swap':
        return this.#swap(operation)
      case 'readFollow':
        return this.#follow(operation.key, Math.min(operation.most, MOST_FOLLOWED))
      case 'list':
        return this.#list(operation)
      case 'flush':
        await Promise.all(this.#init.shards.map((shard) => shard.perform(operation)))
        return { type: 'done', version: 0 }
      case 'statAll':
        return this.#statAll()
      default:
        return this.#shard(operation.key).perform(operation)
    }
  }

  /** Ends the swaps that a crash interrupted. Before anything else is performed. */
  async recover(): Promise<void> {
    const { shards } = this.#init
    const answers = await Promise.all(shards.map((shard) => shard.perform({ type: 'recover' })))
    const decided: Uint8Array[] = []
    for (const [i, answer] of answers.entries()) {
      if (answer.type !== 'swaps') continue
      decided.push(...answer.decided)
      for (const swap of answer.swaps) {
        const decision = await this.#decider(swap).perform({ type: 'isDecided', swap })
        const isDecided = decision.type === 'truth' && decision.isTrue
        await this.#shardAt(i).perform({ type: isDecided ? 'apply' : 'abort', swap })
      }
    }
    await this.perform({ type: 'flush' })
    // Of some the parts were all in place already.
    for (const swap of decided) await this.#decider(swap).perform({ type: 'forget', swap })
  }

  #shard(key: ObjectKey): Performer<ShardOperation> {
    return this.#shardAt(shardOf(key, this.#init.shards.length))
  }

  #shardAt(place: number): Performer<ShardOperation> {
    const shard = this.#init.shards[place]
    if (shard !== undefined) return shard
    throw new PotluckError('CORRUPT', `a swap of shard ${place}, of ${this.#init.shards.length}`)
  }

  /** The shard that keeps a swap's decision: the first byte of its name says which. */
  #decider(swap: Uint8Array): Performer<ShardOperation> {
    const shard = this.#init.shards[swap[0] ?? 0]
    if (shard === undefined)
      throw new PotluckError('CORRUPT', 'a swap of more shards than there are')
    return shard
  }

  async #swap(operation: Swap): Promise<Answer> {
    const { shards, clock, random } = this.#init
    if (operation.changes.length === 0) return { type: 'done', version: 0 }
    const byShard = Map.groupBy(operation.changes, ({ key }) => shardOf(key, shards.length))
    const [first] = byShard.keys()
    if (byShard.size === 1) return this.#shardAt(first ?? 0).perform(operation)
    for (let tries = 0; ; tries++) {
      const answer = await this.#swapAcross(byShard, operation)
      if (answer.type !== 'busy') return answer
      if (tries === MOST_RETRIES) throw new PotluckError('BUSY', 'other swaps hold these keys')
      await sleep(clock, RETRY_MS * 2 ** Math.min(tries, 6) * (0.5 + random.next()))
    }
  }

  async #swapAcross(
    byShard: ReadonlyMap<number, readonly SwapChange[]>,
    operation: Swap,
  ): Promise<Answer> {
    const swap = this.#newName(Math.min(...byShard.keys()))
    const parts = [...byShard].map(([i, changes]) => ({ shard: this.#shardAt(i), changes }))
    const prepared = await Promise.allSettled(
      parts.map(async ({ shard, changes }) => shard.perform({ type: 'prepare', swap, changes })),
    )
    const refusal = refusalAmong(prepared, operation.changes, parts)
    if (refusal !== undefined || prepared.some(({ status }) => status === 'rejected')) {
      await Promise.all(parts.map(({ shard }) => shard.perform({ type: 'abort', swap })))
      if (refusal !== undefined) return refusal
      throw rejectionOf(prepared)
    }
    await this.#decide(swap, parts)
    // From here on it happens, whoever dies: a failure leaves the keys held until the next opening.
    const applied = await Promise.all(parts.map(({ shard }) => this.#apply(swap, shard)))
    void this.#forget(swap, parts)
    return applied[0] ?? { type: 'done', version: 0 }
  }

  /** @throws PotluckError ENOSPC: it was not decided; EIO: nobody knows before the next opening */
  async #decide(swap: Uint8Array, parts: readonly Part[]): Promise<void> {
    try {
      await this.#decider(swap).perform({ type: 'decide', swap })
    } catch (error) {
      if (codeOf(error) === 'ENOSPC') {
        await Promise.all(parts.map(({ shard }) => shard.perform({ type: 'abort', swap })))
      }
      throw error
    }
  }

  /** Its keys are held until it is in place: where the file system is full, until there is room. */
  async #apply(swap: Uint8Array, shard: Performer<ShardOperation>): Promise<Answer> {
    for (;;) {
      try {
        return await shard.perform({ type: 'apply', swap })
      } catch (error) {
        if (codeOf(error) !== 'ENOSPC') throw error
        await sleep(this.#init.clock, FULL_MS)
      }
    }
  }

  /** The decision is kept until every part is durably in place. */
  async #forget(swap: Uint8Array, parts: readonly Part[]): Promise<void> {
    try {
      await Promise.all(parts.map(({ shard }) => shard.perform({ type: 'flush' })))
      await this.#decider(swap).perform({ type: 'forget', swap })
    } catch {
      // The store is closing or its disk fails: a decision too many does no harm.
    }
  }

  #newName(decider: number): Uint8Array {
    const name = Buffer.alloc(16)
    name[0] = decider
    for (let i = 1; i < name.length; i++) name[i] = Math.floor(this.#init.random.next() * 256)
    return name
  }

  async #follow(from: ObjectKey, most: number): Promise<Answer> {
    const records: ObjectRecord[] = []
    let bytes = 0
    for (let key = from; key.length > 0 && records.length < most;) {
      const answer = await this.#shard(key).perform({ type: 'read', key })
      if (answer.type !== 'record') break
      bytes += answer.record.bytes.length
      if (bytes > MOST_ANSWER_BYTES && records.length > 0) break
      records.push(answer.record)
      key = answer.record.next
    }
    return records.length === 0 ? { type: 'absent' } : { type: 'chain', records }
  }

  /** One shard after another; `after` says which, and where on it. */
  async #list(operation: Extract<StoreOperation, { type: 'list' }>): Promise<Answer> {
    const { shards } = this.#init
    const { after = 0 } = operation
    const place = Math.floor(after / 2 ** 32)
    const shard = shards[place]
    if (shard === undefined) return { type: 'page', keys: [] }
    const answer = await shard.perform({ ...operation, after: after % 2 ** 32 })
    if (answer.type !== 'page') return answer
    const isLast = answer.next === undefined && place + 1 === shards.length
    if (isLast) return { type: 'page', keys: answer.keys }
    const next = answer.next === undefined ? (place + 1) * 2 ** 32 : place * 2 ** 32 + answer.next
    return { type: 'page', keys: answer.keys, next }
  }

  async #statAll(): Promise<Answer> {
    const answers = await Promise.all(
      this.#init.shards.map((shard) => shard.perform({ type: 'statAll' })),
    )
    return {
      type: 'shards',
      shards: answers.flatMap((answer) => (answer.type === 'shards' ? answer.shards : [])),
    }
  }
}

type Part = {
  readonly shard: Performer<ShardOperation>
  readonly changes: readonly SwapChange[]
}

type Settled = readonly PromiseSettledResult<Answer>[]

/** A version that does not fit counts more than a key that is held; numbered as the caller has it. */
function refusalAmong(
  prepared: Settled,
  changes: readonly SwapChange[],
  parts: readonly Part[],
): Answer | undefined {
  let busy: Answer | undefined
  for (const [i, result] of prepared.entries()) {
    const answer = result.status === 'fulfilled' ? result.value : undefined
    if (answer?.type === 'busy') busy = answer
    if (answer?.type !== 'mismatch') continue
    const change = parts[i]?.changes[answer.change]
    return { ...answer, change: change === undefined ? 0 : changes.indexOf(change) }
  }
  return busy
}

function rejectionOf(prepared: Settled): unknown {
  return prepared.find((result) => result.status === 'rejected')?.reason
}
