import test from 'ava'
import type { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import type {
  Answer,
  Operation as Asked,
  Performer,
  SwapChange,
} from '../../../src/objects/operation.ts'
import { findCycle, type Operation } from './serial-check.ts'
import { SimulatedStore } from '../../../sim/crash/simulated-store.ts'

const KEYS = Array.from({ length: 6 }, (_, i) => `key ${i}`)
const CLIENTS = 6
const OPERATIONS = 60

const bytes = (text: string): Buffer => Buffer.from(text)

/** Clients that work at the same time, and the history of what each was told when. */
class Clients {
  readonly history: Operation[] = []
  readonly #store: Performer<Asked>
  readonly #random: SeededRandom
  /** By key and version, what was written. */
  readonly #written = new Map<string, string>()
  readonly wrong: string[] = []
  #moment = 0
  #id = 0

  constructor(store: Performer<Asked>, random: SeededRandom) {
    this.#store = store
    this.#random = random
  }

  async run(): Promise<void> {
    for (const key of KEYS) await this.#write(key)
    await Promise.all(Array.from({ length: CLIENTS }, () => this.#client()))
  }

  async #client(): Promise<void> {
    const seen = new Map<string, number>()
    for (let i = 0; i < OPERATIONS; i++) {
      const key = this.#draw()
      const drawn = this.#random.next()
      if (drawn < 0.4) seen.set(key, await this.#read(key))
      else if (drawn < 0.6) await this.#write(key, drawn < 0.5 ? seen.get(key) : undefined)
      else await this.#swap(seen)
    }
  }

  async #read(key: string): Promise<number> {
    const began = ++this.#moment
    const answer = await this.#store.perform({ type: 'read', key: bytes(key) })
    const version = answer.type === 'record' ? answer.record.version : 0
    if (answer.type === 'record')
      this.#note(key, version, Buffer.from(answer.record.bytes).toString())
    this.#add({ began, what: `read ${key}`, saw: new Map([[key, version]]), wrote: new Map() })
    return version
  }

  async #write(key: string, expected?: number): Promise<void> {
    const began = ++this.#moment
    const text = `${++this.#id}`
    const options = { durability: 'memory' as const, expected }
    const answer = await this.#store.perform({
      type: 'write',
      key: bytes(key),
      bytes: bytes(text),
      options,
    })
    const what = `write ${key} ${expected ?? 'anyway'}: ${answer.type}`
    if (answer.type === 'mismatch') {
      this.#add({ began, what, saw: new Map([[key, answer.version]]), wrote: new Map() })
    }
    if (answer.type !== 'done') return
    this.#note(key, answer.version, text)
    const saw = expected === undefined ? new Map<string, number>() : new Map([[key, expected]])
    this.#add({ began, what, saw, wrote: new Map([[key, { version: answer.version }]]) })
  }

  async #swap(seen: ReadonlyMap<string, number>): Promise<void> {
    const keys = [...seen.keys()].filter(() => this.#random.next() < 0.5)
    if (keys.length === 0) return
    const began = ++this.#moment
    const changes: SwapChange[] = keys.map((key) => ({
      key: bytes(key),
      expected: seen.get(key) ?? 0,
      bytes: bytes(`${++this.#id}`),
    }))
    const answer: Answer = await this.#store.perform({
      type: 'swap',
      changes,
      durability: 'memory',
    })
    const what = `swap ${keys.join(', ')}: ${answer.type}`
    if (answer.type === 'mismatch') {
      const key = keys[answer.change] ?? ''
      this.#add({ began, what, saw: new Map([[key, answer.version]]), wrote: new Map() })
    }
    if (answer.type !== 'done') return
    const wrote = keys.map((key) => [key, { behind: seen.get(key) ?? 0 }] as const)
    const saw = keys.map((key) => [key, seen.get(key) ?? 0] as const)
    this.#add({ began, what, saw: new Map(saw), wrote: new Map(wrote) })
  }

  /** One version of a key has one content, whoever tells it. */
  #note(key: string, version: number, text: string): void {
    const name = `${key}@${version}`
    const before = this.#written.get(name) ?? text
    if (before !== text) this.wrong.push(`${name} is ${text}, and was ${before}`)
    this.#written.set(name, before)
  }

  #add(operation: Omit<Operation, 'ended'>): void {
    this.history.push({ ...operation, ended: ++this.#moment })
  }

  #draw(): string {
    return KEYS[Math.floor(this.#random.next() * KEYS.length)] ?? ''
  }
}

type Break = (store: Performer<Asked>, random: SeededRandom) => Performer<Asked>

async function historyOf(seed: number, spoil: Break = (store) => store): Promise<Clients> {
  const it = new SimulatedStore(seed)
  const clients = new Clients(spoil(await it.open(), it.random), it.random.fork('clients'))
  await it.run(clients.run())
  await it.close()
  return clients
}

test('what many clients see at once could have happened one after another', async (t) => {
  let swaps = 0
  for (let seed = 1; seed <= 8; seed++) {
    const { history, wrong } = await historyOf(seed)
    const cycle = findCycle(history)
    t.deepEqual([cycle.map(({ what }) => what), wrong], [[], []], `seed ${seed}`)
    swaps += history.filter(({ what }) => /^swap.*,.*done/.test(what)).length
  }
  t.true(swaps > 20, `${swaps} swaps of several keys`)
})

/** A swap done key by key. */
const torn: Break = (store) => ({
  perform: async (operation) => {
    if (operation.type !== 'swap') return store.perform(operation)
    let answer: Answer = { type: 'done', version: 0 }
    for (const change of operation.changes) {
      answer = await store.perform({ ...operation, changes: [change] })
      if (answer.type !== 'done') return answer
    }
    return answer
  },
})

/** A read answered out of a cache that nobody told of changes. */
const stale: Break = (store, random) => {
  const known = new Map<string, Answer>()
  return {
    perform: async (operation) => {
      const answer = await store.perform(operation)
      if (operation.type !== 'read') return answer
      const name = Buffer.from(operation.key).toString()
      const before = known.get(name)
      known.set(name, answer)
      return before !== undefined && random.next() < 0.1 ? before : answer
    },
  }
}

for (const [name, spoil] of Object.entries({ torn, stale })) {
  test(`the canary: ${name} operations are noticed`, async (t) => {
    let noticed = 0
    for (let seed = 1; seed <= 4; seed++) {
      if (findCycle((await historyOf(seed, spoil)).history).length > 0) noticed += 1
    }
    t.true(noticed > 0)
  })
}
