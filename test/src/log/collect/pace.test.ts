import test from 'ava'
import { SeededRandom } from '../../../../sim/engine/seeded-random.ts'
import { SimulatedLog } from '../simulated-log.ts'

const KEYS = 1_100
const CLIENTS = 8

/** How long writes took in virtual time, overwriting at random in a log of so many zones. */
async function overwrite(
  zones: number,
): Promise<{ readonly p99Ms: number; readonly amplification: number }> {
  const it = new SimulatedLog(zones)
  const log = await it.open()
  const random = new SeededRandom('pace')
  const payload = Buffer.alloc(3_000, 'x')
  const put = async (key: number): Promise<number> => {
    const began = it.clock.now()
    const change = { key: log.key(1, Buffer.from(`key ${key}`)), value: { payload } }
    await log.commit([change], 'sync')
    return it.clock.now() - began
  }
  const run = async (count: number, next: (i: number) => number): Promise<number[]> => {
    const tookMs: number[] = []
    let begun = 0
    const client = async (): Promise<void> => {
      while (begun < count) tookMs.push(await put(next(begun++)))
    }
    await it.run(Promise.all(Array.from({ length: CLIENTS }, client)))
    return tookMs.toSorted((a, b) => a - b)
  }
  await run(KEYS, (i) => i)
  const before = log.counters().writtenBytes
  const tookMs = await run(4_000, () => Math.floor(random.next() * KEYS))
  const amplification = (log.counters().writtenBytes - before) / (4_000 * payload.length)
  await it.run(log.close())
  return { p99Ms: tookMs[Math.floor(tookMs.length * 0.99)] ?? 0, amplification }
}

test('writes wait little for collection: for pieces of zones, not for zones', async (t) => {
  // 1,100 records of 3 KiB fill 60 to 70 zones: 130 are a log that is low, 1,000 one that never is.
  const [without, beside] = [await overwrite(1_000), await overwrite(130)]
  t.log({ without, beside })
  t.true(beside.amplification > without.amplification + 0.2, 'it moves much')
  t.true(beside.p99Ms <= 2 * without.p99Ms, `${beside.p99Ms} ms against ${without.p99Ms}`)
})
