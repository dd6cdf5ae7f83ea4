import type { SwapChange } from '../../src/objects/operation.ts'
import { payloadOf } from '../crash/history.ts'
import { Asker, type AskerInit } from './asker.ts'
import { ABSENT } from './expected.ts'
import { CHUNK_BYTES, MOST_CHUNKS, type OwnKey, SHARED } from './client-keys.ts'

/** Of a small object. */
const LEAST_BYTES = 64
const MOST_BYTES = 4_000
const LARGE_BYTES = 300 * 1024
const PART_BYTES = 100 * 1024
/** In a row, on the key that all clients want. */
const TRIES = 4

/** One of several programs that use the store, on keys of its own: it knows what must be there. */
export class SoakClient {
  readonly #init: AskerInit
  readonly #asker: Asker

  constructor(init: AskerInit) {
    this.#init = init
    this.#asker = new Asker(init)
  }

  /** So many operations. */
  async run(operations: number): Promise<void> {
    const { keys } = this.#init
    // What a crash interrupted is ended first.
    if (keys.revertable !== undefined) await this.#release(keys.revertable)
    while (this.#asker.asked < operations) await this.#work()
  }

  async fill(): Promise<void> {
    for (const key of this.#init.keys.small) await this.#write(key)
  }

  /** All keys as they must be after an opening. */
  async check(): Promise<void> {
    for (const key of this.#init.keys.all) {
      const found = await this.#asker.contentOf(key)
      const { now } = key.expected
      if (key.expected.find(found)) continue
      this.#init.onProblem(`${key.name} is ${found} after an opening, it was ${now} before`)
    }
  }

  async #work(): Promise<void> {
    const { small, large, growing } = this.#init.keys
    const drawn = this.#init.random.next()
    if (drawn < 0.38) await this.#read(this.#asker.draw(small))
    else if (drawn < 0.76) await this.#write(this.#asker.draw(small))
    else if (drawn < 0.79) await this.#delete(this.#asker.draw(small))
    else if (drawn < 0.83) await this.#verify(this.#asker.draw(small))
    else if (drawn < 0.92) await this.#grow(growing)
    else if (drawn < 0.95) await this.#swap()
    else if (drawn < 0.97) await this.#revertable(this.#asker.draw(small))
    else if (drawn < 0.973 && large !== undefined) await this.#stream(large)
    else if (drawn < 0.983) await this.#share()
    else if (drawn < 0.985) await this.#flush()
    else if (drawn < 0.986) await this.#asker.perform({ type: 'list', prefix: SHARED, most: 100 })
    else await this.#read(large ?? growing)
  }

  async #read(key: OwnKey): Promise<void> {
    const found = await this.#asker.contentOf(key)
    const { now } = key.expected
    if (found !== now) this.#init.onProblem(`${key.name} is ${found}, not ${now}`)
  }

  async #write(key: OwnKey, isRevertable = false): Promise<boolean> {
    const { keys, random } = this.#init
    const id = keys.newId()
    const bytes = payloadOf(id, LEAST_BYTES + Math.floor(random.next() * MOST_BYTES))
    const durability = this.#asker.durability(key)
    return this.#asker.change(key, id, {
      type: 'write',
      key: key.bytes,
      bytes,
      options: { durability, isRevertable, isCompact: random.next() < 0.5 },
    })
  }

  async #delete(key: OwnKey): Promise<void> {
    const durability = this.#asker.durability(key)
    const operation = { type: 'delete' as const, key: key.bytes, options: { durability } }
    await this.#asker.change(key, ABSENT, operation)
  }

  async #verify(key: OwnKey): Promise<void> {
    const answer = await this.#asker.perform({ type: 'verify', key: key.bytes })
    const isThere = answer?.type === 'done'
    if (isThere === (key.expected.now !== ABSENT)) return
    this.#init.onProblem(`${key.name}: verify says ${answer?.type}`)
  }

  async #grow(key: OwnKey): Promise<void> {
    const chunks = key.expected.now
    if (chunks >= MOST_CHUNKS) return this.#delete(key)
    const durability = this.#asker.durability(key)
    await this.#asker.change(key, chunks + 1, {
      type: 'append',
      key: key.bytes,
      bytes: payloadOf(chunks + 1, CHUNK_BYTES),
      options: { durability },
    })
  }

  /** Of keys on any shard. */
  async #swap(): Promise<void> {
    const { keys, random } = this.#init
    const chosen = new Set<OwnKey>()
    while (chosen.size < 3) chosen.add(this.#asker.draw(keys.small))
    const changes: SwapChange[] = []
    const ids = new Map<OwnKey, number>()
    for (const key of chosen) {
      const stat = await this.#asker.perform({ type: 'stat', key: key.bytes })
      const id = keys.newId()
      ids.set(key, id)
      const bytes = payloadOf(id, LEAST_BYTES + Math.floor(random.next() * MOST_BYTES))
      const expected = stat?.type === 'stat' ? stat.version : 0
      changes.push({ key: key.bytes, expected, bytes })
    }
    for (const [key, id] of ids) key.expected.begin(id)
    const answer = await this.#asker.perform({ type: 'swap', changes, durability: 'sync' })
    for (const { expected } of ids.keys()) {
      if (answer?.type === 'done') expected.done(true)
      else expected.refused()
    }
    if (answer !== undefined && answer.type !== 'done') {
      this.#init.onProblem(`a swap of keys that are nobody else's: ${answer.type}`)
    }
  }

  /** Written so that it can be taken back; then it is, or can't be any more. */
  async #revertable(key: OwnKey): Promise<void> {
    const { keys, random } = this.#init
    const { now } = key.expected
    keys.revertable = key
    if ((await this.#write(key, true)) && random.next() < 0.5) {
      await this.#asker.change(key, now, { type: 'revert', key: key.bytes, options: {} })
    }
    await this.#release(key)
  }

  async #release(key: OwnKey): Promise<void> {
    await this.#asker.perform({ type: 'release', key: key.bytes, options: {} })
    this.#init.keys.revertable = undefined
  }

  /** A large object, in parts; some are given up on the way. */
  async #stream(key: OwnKey): Promise<void> {
    const { keys, random } = this.#init
    const id = keys.newId()
    const bytes = payloadOf(id, LARGE_BYTES + Math.floor(random.next() * LARGE_BYTES))
    const begun = await this.#asker.perform({ type: 'begin', key: key.bytes })
    if (begun?.type !== 'stream') return
    const of = { key: key.bytes, stream: begun.stream }
    const end = random.next() < 0.2 ? bytes.length / 2 : bytes.length
    for (let from = 0; from < end; from += PART_BYTES) {
      const part = bytes.subarray(from, from + PART_BYTES)
      if ((await this.#asker.perform({ type: 'part', ...of, bytes: part })) === undefined) return
    }
    if (end < bytes.length) return void (await this.#asker.perform({ type: 'abandon', ...of }))
    const options = { durability: this.#asker.durability(key) }
    await this.#asker.change(key, id, { type: 'finish', ...of, options })
  }

  /** What all want to change at the same time. */
  async #share(): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      const read = await this.#asker.perform({ type: 'read', key: SHARED })
      const expected = read?.type === 'record' ? read.record.version : 0
      const bytes = payloadOf(this.#init.keys.newId(), LEAST_BYTES)
      await this.#asker.perform({ type: 'write', key: SHARED, bytes, options: { expected } })
    }
  }

  async #flush(): Promise<void> {
    if ((await this.#asker.perform({ type: 'flush' })) === undefined) return
    for (const { expected } of this.#init.keys.all) expected.settle()
  }
}
