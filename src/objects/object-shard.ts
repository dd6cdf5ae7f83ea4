// One shard of the object store: the keys that are its own, in one log, in one thread.
import { PotluckError } from '../base/errors.ts'
import type { LogHeld } from '../log/counters.ts'
import type { Log } from '../log/log.ts'
import type { Clock } from '../ports/clock.ts'
import { Appending } from './appending.ts'
import { Contention } from './contention.ts'
import { valueKey } from './kinds.ts'
import { listPage } from './listing.ts'
import { Locks } from './swap/locks.ts'
import {
  type Answer,
  type KeyOperation,
  MOST_ANSWER_BYTES,
  MOST_KEY_BYTES,
  MOST_SWAPPED_KEYS,
  type ObjectKey,
  type Performer,
  type ShardOperation,
  type SwapChange,
} from './operation.ts'
import { Reading } from './reading.ts'
import { Reaper } from './reaper.ts'
import { Streams } from './streams.ts'
import { commitSwap } from './swap/swap-commit.ts'
import { SwapParts } from './swap/swap-parts.ts'
import { UnderWay } from './swap/under-way.ts'
import { checkSize, Writing } from './writing.ts'

/** What a shard has in memory, and who waits in it: all of it is bounded. */
export type ShardHeld = LogHeld & {
  /** Objects on their way in parts. */
  readonly streams: number
  /** Objects whose pieces are still to be dropped. */
  readonly doomed: number
  /** Keys held by swaps over several shards, and such swaps. */
  readonly locked: number
  readonly prepared: number
  /** Keys that so many want to change that they take turns. */
  readonly queues: number
}

export class ObjectShard implements Performer<ShardOperation> {
  readonly #log: Log
  readonly #locks = new Locks()
  readonly #underWay = new UnderWay()
  readonly #contention: Contention
  readonly #reaper: Reaper
  readonly #reading: Reading
  readonly #writing: Writing
  readonly #appending: Appending
  readonly #streams: Streams
  readonly #parts: SwapParts

  /** @param contentionThreshold failures of a key in a moment above which swaps of it take turns */
  constructor(log: Log, clock: Clock, contentionThreshold?: number) {
    this.#log = log
    this.#contention = new Contention(clock, contentionThreshold)
    this.#reaper = new Reaper(log, clock)
    this.#reading = new Reading(log, this.#reaper)
    this.#writing = new Writing(log, this.#reaper)
    this.#appending = new Appending(log, this.#writing)
    this.#streams = new Streams(log, this.#writing, this.#reaper)
    const shared = { log, locks: this.#locks, reaper: this.#reaper, underWay: this.#underWay }
    this.#parts = new SwapParts(shared)
  }

  async perform(operation: ShardOperation): Promise<Answer> {
    if ('key' in operation) {
      checkKey(operation.key)
      while (this.#locks.isHeld(operation.key)) await this.#locks.free(operation.key)
    }
    switch (operation.type) {
      case 'read':
        return this.#reading.read(operation.key)
      case 'readRange':
        return this.#reading.readRange(operation.key, operation.ranges, operation.expected)
      case 'stat':
        return this.#reading.stat(operation.key)
      case 'verify':
        return this.#reading.verify(operation.key)
      case 'compare':
        return this.#compare(operation.key, operation.version)
      case 'begin':
        return this.#streams.begin(operation.key)
      case 'part':
        checkSize(operation.bytes.length, MOST_ANSWER_BYTES)
        return this.#streams.part(operation.stream, operation.bytes)
      case 'abandon':
        return this.#streams.abandon(operation.stream)
      case 'list':
        return listPage(this.#log, operation)
      case 'flush':
        await this.#log.flush()
        return { type: 'done', version: 0 }
      case 'statAll':
        return { type: 'shards', shards: [this.#log.counters()] }
      default:
        return this.#performChange(operation)
    }
  }

  held(): ShardHeld {
    return {
      ...this.#log.held(),
      streams: this.#streams.open,
      doomed: this.#reaper.doomed,
      locked: this.#locks.held,
      prepared: this.#parts.prepared,
      queues: this.#contention.queues,
    }
  }

  async close(): Promise<void> {
    await this.#reaper.stop()
    await this.#log.close()
  }

  #performChange(operation: ChangeOperation): Promise<Answer> {
    switch (operation.type) {
      case 'swap':
        return this.#inTurn(
          operation.changes,
          this.#swap(operation.changes, operation.durability ?? 'disk'),
        )
      case 'prepare':
        checkChanges(operation.changes)
        return this.#parts.prepare(operation.swap, operation.changes)
      case 'decide':
        return this.#parts.decide(operation.swap)
      case 'apply':
        return this.#parts.apply(operation.swap)
      case 'abort':
        return this.#parts.abort(operation.swap)
      case 'forget':
        return this.#parts.forget(operation.swap)
      case 'isDecided':
        return this.#parts.isDecided(operation.swap)
      case 'recover':
        return this.#parts.recover()
      default:
        return this.#inTurn(
          [operation],
          this.#underWay.during(() => this.#changeKey(operation)),
        )
    }
  }

  /** A change of a key that many want is told that it failed when it is its turn to try again. */
  async #inTurn(changes: readonly { key: ObjectKey }[], work: Promise<Answer>): Promise<Answer> {
    const answer = await work
    if (answer.type === 'done') for (const { key } of changes) this.#contention.changed(key)
    const key = answer.type === 'mismatch' ? changes[answer.change]?.key : undefined
    if (answer.type !== 'mismatch' || key === undefined) return answer
    await this.#contention.failed(key)
    const head = await this.#log.head(valueKey(this.#log, key))
    return { ...answer, version: head?.version ?? 0 }
  }

  #changeKey(operation: KeyChange): Promise<Answer> {
    const { key } = operation
    switch (operation.type) {
      case 'write':
        checkSize(operation.bytes.length, MOST_ANSWER_BYTES)
        return this.#writing.write(key, operation.bytes, operation.options)
      case 'append':
        checkSize(operation.bytes.length, MOST_ANSWER_BYTES)
        return this.#appending.append(key, operation.bytes, operation.options)
      case 'delete':
        return this.#writing.replace(key, undefined, operation.options)
      case 'finish':
        return this.#streams.finish(operation.stream, operation.options)
      case 'revert':
        return this.#writing.revert(key, operation.options)
      case 'release':
        return this.#writing.release(key, operation.options)
    }
  }

  async #compare(key: ObjectKey, version: number): Promise<Answer> {
    const head = await this.#log.head(valueKey(this.#log, key))
    const now = head?.version ?? 0
    return { type: 'truth', isTrue: now === version, version: now }
  }

  /** All its keys are this shard's. */
  async #swap(
    changes: readonly SwapChange[],
    durability: 'memory' | 'disk' | 'sync',
  ): Promise<Answer> {
    checkChanges(changes)
    while (changes.some(({ key }) => this.#locks.isHeld(key))) {
      for (const { key } of changes) await this.#locks.free(key)
    }
    const parts = { log: this.#log, reaper: this.#reaper }
    const outcome = await this.#underWay.during(() =>
      commitSwap(parts, changes, { also: [], durability }),
    )
    if (outcome.isDone) return { type: 'done', version: outcome.version }
    return { type: 'mismatch', change: outcome.change, version: outcome.version }
  }
}

type KeyChange = Extract<
  KeyOperation,
  { type: 'write' | 'append' | 'delete' | 'finish' | 'revert' | 'release' }
>

type ChangeOperation =
  | KeyChange
  | Extract<
      ShardOperation,
      {
        type: 'swap' | 'prepare' | 'decide' | 'apply' | 'abort' | 'forget' | 'isDecided' | 'recover'
      }
    >

/** @throws PotluckError TOO_LARGE, EINVAL */
function checkKey(key: ObjectKey): void {
  if (key.length === 0) throw new PotluckError('EINVAL', 'a key of no bytes')
  checkSize(key.length, MOST_KEY_BYTES)
}

function checkChanges(changes: readonly SwapChange[]): void {
  if (changes.length > MOST_SWAPPED_KEYS) {
    throw new PotluckError('TOO_LARGE', `${changes.length} keys; ${MOST_SWAPPED_KEYS} are the most`)
  }
  const names = new Set<string>()
  for (const { key, bytes } of changes) {
    checkKey(key)
    checkSize(bytes?.length ?? 0, MOST_ANSWER_BYTES)
    names.add(Buffer.from(key).toString('latin1'))
  }
  if (names.size < changes.length) throw new PotluckError('EINVAL', 'a key twice in one swap')
}
