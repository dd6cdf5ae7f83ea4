import { codeOf } from '../../src/base/errors.ts'
import { sleep } from '../../src/base/time.ts'
import type { ObjectStore } from '../../src/objects/object-store.ts'
import type { Answer, Operation } from '../../src/objects/operation.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Random } from '../../src/ports/random.ts'
import { idOf } from '../crash/history.ts'
import { CHUNK_BYTES, type ClientKeys, type OwnKey } from './client-keys.ts'
import { ABSENT } from './expected.ts'

export type AskerInit = {
  readonly store: ObjectStore
  readonly clock: Clock
  readonly random: Random
  readonly keys: ClientKeys
  /** From the beginning of one operation to that of the next, on average. */
  readonly periodMs: number
  readonly onOperation: () => void
  readonly onProblem: (text: string) => void
}

/** Asks the store, each operation when it is its turn, and keeps what is expected of a key. */
export class Asker {
  readonly #init: AskerInit
  readonly #beganMs: number
  #asked = 0

  constructor(init: AskerInit) {
    this.#init = init
    this.#beganMs = init.clock.now()
  }

  /** How many operations. */
  get asked(): number {
    return this.#asked
  }

  /** @returns whether it was done */
  async change(key: OwnKey, content: number, operation: Operation): Promise<boolean> {
    const { name, expected } = key
    const isDurable = 'options' in operation && operation.options.durability === 'sync'
    expected.begin(content)
    const answer = await this.perform(operation)
    if (answer === undefined) expected.refused()
    else expected.done(isDurable)
    const isStrange = answer !== undefined && answer.type !== 'done'
    if (isStrange) this.#init.onProblem(`${name}: ${operation.type} says ${answer.type}`)
    return answer !== undefined
  }

  async contentOf(key: OwnKey): Promise<number> {
    const answer = await this.perform({ type: 'read', key: key.bytes })
    if (answer?.type !== 'record') return ABSENT
    const { bytes, size } = answer.record
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    if (!key.isGrowing) return idOf(all) ?? NaN
    const chunks = size / CHUNK_BYTES
    return idOf(all.subarray(-CHUNK_BYTES)) === chunks ? chunks : NaN
  }

  /** When it is its turn. Undefined where the store is full. */
  async perform(operation: Operation): Promise<Answer | undefined> {
    const { store, clock, random, periodMs, onOperation } = this.#init
    const dueMs = this.#beganMs + (this.#asked + random.next()) * periodMs - clock.now()
    if (dueMs > 0) await sleep(clock, dueMs)
    this.#asked += 1
    onOperation()
    try {
      return await store.perform(operation)
    } catch (error) {
      if (codeOf(error) !== 'ENOSPC') throw error
      return undefined
    }
  }

  durability({ expected }: OwnKey): 'memory' | 'disk' | 'sync' {
    const drawn = this.#init.random.next()
    if (expected.mustSync || drawn < 0.1) return 'sync'
    return drawn < 0.4 ? 'disk' : 'memory'
  }

  draw(keys: readonly OwnKey[]): OwnKey {
    const key = keys[Math.floor(this.#init.random.next() * keys.length)]
    if (key === undefined) throw new Error('a client without keys')
    return key
  }
}
