// Crashes of the object store, out of a seed: clients that swap several keys over several shards at
// once, and write, on simulated disks, until the machine dies at any moment; then the store is opened
// again and compared with what was answered.
//
// Every value says which operation wrote it, and which keys that operation changed. The promise that
// is checked: of a swap, what is found is all of it or nothing of it, unless something that came later
// overwrote a key; and no key is older than what was last answered as durable.
import { codeOf } from '../../src/base/errors.ts'
import { sleep } from '../../src/base/time.ts'
import type { ObjectStore } from '../../src/objects/object-store.ts'
import type { Answer, SwapChange } from '../../src/objects/operation.ts'
import { SeededRandom } from '../engine/seeded-random.ts'
import { SimulatedStore } from './simulated-store.ts'

const KEYS = Array.from({ length: 8 }, (_, i) => `key ${i}`)
const CLIENTS = 4

/** What a key holds: the operation that wrote it, and its place in the order of the key's values. */
type Held = { readonly id: number; readonly order: number }

type Swap = { readonly id: number; readonly wrote: ReadonlyMap<string, Held> }

export type StoreCrashes = {
  /** Of several keys, answered as done. */
  readonly swaps: number
  readonly writes: number
  /** What was wrong; empty where the store kept its promise. */
  readonly problems: readonly string[]
}

/** Runs one seed. */
export async function runStoreCrashes(seed: number, lives = 4): Promise<StoreCrashes> {
  const run = new StoreRun(new SimulatedStore(seed), new SeededRandom(`store ${seed}`))
  for (let life = 0; life < lives && run.problems.length === 0; life++) await run.live()
  return run
}

/** One store, over several lives. */
class StoreRun implements StoreCrashes {
  readonly problems: string[] = []
  swaps = 0
  writes = 0
  readonly #it: SimulatedStore
  readonly #random: SeededRandom
  /** Begun swaps of several keys, whatever became of them. */
  #begun: Swap[] = []
  /** By key, the highest order that was answered as durable. */
  readonly #durable = new Map<string, number>()
  #ids = 0
  #isDead = false

  constructor(it: SimulatedStore, random: SeededRandom) {
    this.#it = it
    this.#random = random
  }

  /** Opens, compares with what was promised, works, and dies. */
  async live(): Promise<void> {
    const store = await this.#it.open()
    const found = await this.#it.run(this.#readAll(store))
    this.#judge(found)
    this.#begun = []
    this.#isDead = false
    const work = Promise.all(Array.from({ length: CLIENTS }, () => this.#client(store)))
    const dies = sleep(this.#it.clock, this.#random.next() * 120)
    await this.#it.run(Promise.race([work, dies]))
    this.#isDead = true
    this.#it.crash()
  }

  async #client(store: ObjectStore): Promise<void> {
    while (!this.#isDead && this.problems.length === 0) {
      if (this.#random.next() < 0.7) await this.#swap(store)
      else await this.#write(store)
    }
  }

  async #swap(store: ObjectStore): Promise<void> {
    const keys = KEYS.filter(() => this.#random.next() < 0.4)
    const id = ++this.#ids
    const wrote = new Map<string, Held>()
    const changes: SwapChange[] = []
    for (const key of keys) {
      const answer = await store.perform({ type: 'read', key: Buffer.from(key) })
      const held = { id, order: (heldIn(answer)?.order ?? 0) + 1 }
      const expected = answer.type === 'record' ? answer.record.version : 0
      wrote.set(key, held)
      changes.push({ key: Buffer.from(key), expected, bytes: bytesOf(held, this.#random) })
    }
    if (this.#isDead) return
    const swap = { id, wrote }
    this.#begun.push(swap)
    const answer = await store.perform({ type: 'swap', changes, durability: 'sync' })
    if (this.#isDead) return
    if (answer.type === 'done') this.#done(wrote)
    else this.#begun.splice(this.#begun.indexOf(swap), 1)
    if (answer.type === 'done' && keys.length > 1) this.swaps += 1
  }

  async #write(store: ObjectStore): Promise<void> {
    const key = KEYS[Math.floor(this.#random.next() * KEYS.length)] ?? ''
    const before = await store.perform({ type: 'read', key: Buffer.from(key) })
    const held = { id: ++this.#ids, order: (heldIn(before)?.order ?? 0) + 1 }
    const expected = before.type === 'record' ? before.record.version : 0
    const options = { durability: 'sync' as const, expected }
    const bytes = bytesOf(held, this.#random)
    const operation = { type: 'write' as const, key: Buffer.from(key), bytes, options }
    const answer = await store.perform(operation).catch((error: unknown) => codeOf(error))
    if (this.#isDead || typeof answer !== 'object' || answer.type !== 'done') return
    this.writes += 1
    this.#done(new Map([[key, held]]))
  }

  #done(wrote: ReadonlyMap<string, Held>): void {
    for (const [key, { order }] of wrote) {
      this.#durable.set(key, Math.max(order, this.#durable.get(key) ?? 0))
    }
  }

  async #readAll(store: ObjectStore): Promise<Map<string, Held>> {
    const found = new Map<string, Held>()
    for (const key of KEYS) {
      const held = heldIn(await store.perform({ type: 'read', key: Buffer.from(key) }))
      if (held !== undefined) found.set(key, held)
    }
    return found
  }

  #judge(found: ReadonlyMap<string, Held>): void {
    for (const [key, order] of this.#durable) {
      const now = found.get(key)?.order ?? 0
      if (now < order) this.problems.push(`${key} is at ${now}, ${order} was durable`)
    }
    for (const { id, wrote } of this.#begun) {
      // Each key is at this swap's value, behind it, or before it.
      const places = [...wrote].map(([key, held]) => {
        const now = found.get(key)
        if (now?.id === id) return 'there'
        return (now?.order ?? 0) < held.order ? 'missing' : 'overwritten'
      })
      if (places.includes('there') && places.includes('missing')) {
        this.problems.push(`swap ${id} of ${[...wrote.keys()].join()} is ${places.join()}`)
      }
    }
  }
}

/** The text of a value: `id order`, and as much more as makes it a random size. */
function bytesOf({ id, order }: Held, random: SeededRandom): Buffer {
  return Buffer.from(`${id} ${order} ${'x'.repeat(Math.floor(random.next() ** 3 * 9_000))}`)
}

function heldIn(answer: Answer): Held | undefined {
  if (answer.type !== 'record') return undefined
  const [id, order] = Buffer.from(answer.record.bytes).toString().split(' ')
  return { id: Number(id), order: Number(order) }
}
