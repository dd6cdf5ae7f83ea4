import test from 'ava'
import { codeOf } from '../../../src/base/errors.ts'
import type { Operation, SwapChange } from '../../../src/objects/operation.ts'
import { shardOf } from '../../../src/objects/object-store.ts'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import { SimulatedStore } from '../../../sim/crash/simulated-store.ts'

const bytes = (text: string): Buffer => Buffer.from(text)

test('a swap over shards that a crash interrupts has happened on all of them or on none', async (t) => {
  const outcomes = { all: 0, none: 0 }
  for (let seed = 1; seed <= 40; seed++) {
    const it = new SimulatedStore(seed)
    const random = new SeededRandom(seed)
    let store = await it.open()
    const keys = Array.from({ length: 6 }, (_, i) => `key ${i}`)
    t.true(new Set(keys.map((key) => shardOf(bytes(key), 3))).size > 1)
    const swap = (text: string, versions: readonly number[]) => {
      const changes: SwapChange[] = keys.map((key, i) => ({
        key: bytes(key),
        expected: versions[i] ?? 0,
        bytes: bytes(text),
      }))
      return store.perform({ type: 'swap', changes, durability: 'sync' })
    }
    const read = async () =>
      it.run(Promise.all(keys.map((key) => store.perform({ type: 'read', key: bytes(key) }))))
    t.is((await it.run(swap('old', []))).type, 'done')
    await it.run(store.perform({ type: 'flush' }))
    const versions = (await read()).map((each) =>
      each.type === 'record' ? each.record.version : 0,
    )
    let isDone = false
    void swap('new', versions).then(() => (isDone = true))
    await it.clock.run(random.next() * 6)
    it.crash()
    store = await it.open()
    const found = new Set(
      (await read()).map((each) =>
        each.type === 'record' ? `${Buffer.from(each.record.bytes)}` : '',
      ),
    )
    t.is(found.size, 1, `seed ${seed}: ${[...found].join()}`)
    if (isDone) t.true(found.has('new'), `seed ${seed}: acknowledged and gone`)
    if (found.has('new')) outcomes.all += 1
    else outcomes.none += 1
    t.is(
      (await it.run(store.perform({ type: 'delete', key: bytes('key 0'), options: {} }))).type,
      'done',
    )
  }
  t.true(outcomes.all > 3 && outcomes.none > 3, JSON.stringify(outcomes))
})

test('what overwritten objects were made of is dropped, also what a crash left behind', async (t) => {
  const it = new SimulatedStore(1, 1)
  let store = await it.open()
  const write = async (size: number) => {
    const options = { durability: 'sync' as const }
    const operation = {
      type: 'write' as const,
      key: bytes('a'),
      bytes: Buffer.alloc(size),
      options,
    }
    t.is((await it.run(store.perform(operation))).type, 'done')
  }
  const records = async (): Promise<number> => {
    const answer = await it.run(store.perform({ type: 'statAll' }))
    return answer.type === 'shards' ? (answer.shards[0]?.records ?? 0) : 0
  }
  await write(900_000)
  t.is(await records(), 5)
  await write(800_000)
  await it.clock.run(2_000)
  t.is(await records(), 5)
  const begun = await it.run(store.perform({ type: 'begin', key: bytes('b') }))
  const stream = begun.type === 'stream' ? begun.stream : 0
  const part = { type: 'part' as const, key: bytes('b'), stream, bytes: Buffer.alloc(600_000) }
  await it.run(store.perform(part))
  await it.run(store.perform({ type: 'flush' }))
  t.is(await records(), 7)
  it.crash()
  store = await it.open()
  t.is(await records(), 5, 'the half object is gone')
  await write(10)
  await it.clock.run(2_000)
  t.is(await records(), 1)
})

test('of a swap over shards nothing is left but its keys, whenever the machine dies', async (t) => {
  const counts = new Set<number>()
  for (let i = 0; i < 60; i++) {
    const it = new SimulatedStore(i)
    let store = await it.open()
    const changes = ['a', 'b', 'c', 'd'].map((name) => {
      return { key: bytes(name), expected: 0, bytes: bytes(name) }
    })
    void store.perform({ type: 'swap', changes, durability: 'sync' })
    await it.clock.run(i / 4)
    it.crash()
    store = await it.open()
    await it.clock.run(2_000)
    const answer = await it.run(store.perform({ type: 'statAll' }))
    const shards = answer.type === 'shards' ? answer.shards : []
    counts.add(shards.reduce((sum, { records }) => sum + records, 0))
  }
  t.deepEqual(counts, new Set([0, 4]))
})

test('a swap over shards of a full store happens or not, and holds nothing up', async (t) => {
  const it = new SimulatedStore(5, 2, 8)
  const store = await it.open()
  const tried = (operation: Operation): Promise<string> => {
    const asked = store.perform(operation)
    return it.run(asked.then(({ type }) => type, codeOf))
  }
  const write = (name: string, size: number): Promise<string> =>
    tried({ type: 'write', key: bytes(name), bytes: Buffer.alloc(size), options: {} })
  let full = 0
  for (const size of [250_000, 20_000, 1_000]) {
    for (let refused = 0; refused < 12; full++) {
      if ((await write(`full ${full}`, size)) === 'ENOSPC') refused += 1
    }
  }
  const said = new Map<string, number>()
  for (let i = 1; i <= 60; i++) {
    // So much more room, with each that goes.
    await tried({ type: 'delete', key: bytes(`full ${full - i}`), options: {} })
    const changes = ['a', 'b', 'c', 'd'].map((name) => {
      return { key: bytes(`${i} ${name}`), expected: 0, bytes: Buffer.alloc((i % 8) * 100) }
    })
    const answer = await tried({ type: 'swap', changes, durability: 'sync' })
    said.set(answer, (said.get(answer) ?? 0) + 1)
    for (const { key } of changes) {
      t.is(await tried({ type: 'read', key }), answer === 'done' ? 'record' : 'absent')
    }
    for (const { key } of changes) await tried({ type: 'delete', key, options: {} })
  }
  t.true((said.get('done') ?? 0) > 5 && (said.get('ENOSPC') ?? 0) > 5, JSON.stringify([...said]))
})

test('many appends are one object, in few pieces, whatever their sizes', async (t) => {
  const it = new SimulatedStore(7, 1)
  const store = await it.open()
  const whole: Buffer[] = []
  for (let i = 0; i < 400; i++) {
    const more = Buffer.alloc(1 + ((i * 7919) % 9_000), i)
    whole.push(more)
    const options = { durability: 'memory' as const }
    await it.run(store.perform({ type: 'append', key: bytes('log'), bytes: more, options }))
  }
  const size = whole.reduce((sum, { length }) => sum + length, 0)
  const found: Buffer[] = []
  for (let from = 0; from < size; from += 500_000) {
    const ranges = [{ from, length: 500_000 }]
    const answer = await it.run(store.perform({ type: 'readRange', key: bytes('log'), ranges }))
    if (answer.type === 'ranges') found.push(...answer.parts.map((each) => Buffer.from(each)))
  }
  t.true(Buffer.concat(found).equals(Buffer.concat(whole)))
  const stat = await it.run(store.perform({ type: 'statAll' }))
  t.true(stat.type === 'shards' && (stat.shards[0]?.records ?? 99) < 32)
})
