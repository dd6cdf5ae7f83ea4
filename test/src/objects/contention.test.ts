import test from 'ava'
import type { Answer, Operation, Performer } from '../../../src/objects/operation.ts'
import { SimulatedStore } from '../../../sim/crash/simulated-store.ts'

const CLIENTS = 24
const INCREMENTS = 20

type Measured = { readonly attempts: number; readonly ms: number; readonly most: number }

/** Each client adds one to a counter by compare and swap, again and again. */
async function count(contentionThreshold?: number): Promise<Measured> {
  const it = new SimulatedStore(11, 1)
  it.contentionThreshold = contentionThreshold
  const store: Performer<Operation> = await it.open()
  const key = Buffer.from('counter')
  const read = async (): Promise<{ version: number; value: number }> => {
    const answer: Answer = await store.perform({ type: 'read', key })
    if (answer.type !== 'record') return { version: 0, value: 0 }
    return { version: answer.record.version, value: Number(Buffer.from(answer.record.bytes)) }
  }
  let attempts = 0
  let most = 0
  const client = async (): Promise<void> => {
    for (let i = 0; i < INCREMENTS; i++) {
      for (let tries = 1; ; tries++) {
        const { version, value } = await read()
        const changes = [{ key, expected: version, bytes: Buffer.from(`${value + 1}`) }]
        attempts += 1
        most = Math.max(most, tries)
        const answer = await store.perform({ type: 'swap', changes, durability: 'memory' })
        if (answer.type === 'done') break
      }
    }
  }
  const from = it.clock.elapsedMs
  await it.run(Promise.all(Array.from({ length: CLIENTS }, client)))
  const ms = it.clock.elapsedMs - from
  const { value } = await it.run(read())
  if (value !== CLIENTS * INCREMENTS) throw new Error(`the counter is ${value}`)
  await it.close()
  return { attempts, ms, most }
}

test('taking turns spares a key that many swap most of the attempts', async (t) => {
  const [turns, without] = [await count(), await count(Infinity)]
  t.log({ turns, without })
  t.true(turns.attempts < without.attempts / 2, JSON.stringify({ turns, without }))
  t.true(turns.most < without.most, 'the unluckiest tries less often')
})
