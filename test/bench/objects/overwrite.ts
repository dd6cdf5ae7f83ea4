// What collection costs: a log that is 80 % full of what may live and is overwritten at random,
// beside the same records overwritten in a log so large that nothing has to be collected.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DirectoryDisk } from '../../../peers/disk/directory-disk.ts'
import { realClock } from '../../../peers/ports/real-clock.ts'
import { realRandom } from '../../../peers/ports/real-random.ts'
import { layoutFor } from '../../../src/log/format/layout.ts'
import { type Log, openLog } from '../../../src/log/log.ts'
import { median } from '../report.ts'
import type { ObjectsBenchOptions } from './options.ts'

const CLIENTS = 32
const FULL = 0.8
const PAYLOAD = Buffer.alloc(4096, 'x')
/** What a record takes, with all that belongs to it. */
const RECORD_BYTES = 4400

type Overwriting = {
  readonly log: Log
  readonly keys: number
  /** So many writes at random keys. @returns what each took, ms */
  readonly run: (count: number) => Promise<number[]>
}

type Place = { readonly directory: string; readonly sizeBytes: number }

export async function overwriteOften({
  directory,
  sizeBytes,
  repeats,
}: ObjectsBenchOptions): Promise<void> {
  const ratios: number[] = []
  for (let i = 0; i < repeats; i++) ratios.push(await overwrite(directory, sizeBytes / 2))
  const all = ratios.map((ratio) => ratio.toFixed(2)).join(', ')
  process.stdout.write(
    `p99 beside collection ÷ without: ${all}; median ${median(ratios).toFixed(2)}\n`,
  )
}

/** @returns the 99th percentile with collection divided by that without */
async function overwrite(directory: string, sizeBytes: number): Promise<number> {
  const place = { directory: join(directory, 'overwritten'), sizeBytes }
  const large = { directory: join(directory, 'large'), sizeBytes: sizeBytes * 6 }
  const { log, keys, run } = await overwriting(place)
  // Until collection has begun.
  await run(Math.floor(keys / 2))
  const before = log.counters().writtenBytes
  const beside = percentile99(await run(keys * 2))
  const { writtenBytes, records, indexBytes, liveBytes, zonesCollected } = log.counters()
  const amplification = (writtenBytes - before) / (keys * 2 * PAYLOAD.length)
  await log.close()
  const again = await openIn(place)
  const { seconds } = again.report
  await again.close()
  const other = await overwriting(large, keys)
  const without = percentile99(await other.run(Math.floor(keys / 2)))
  const collectedThere = other.log.counters().zonesCollected
  await other.log.close()
  for (const { directory: made } of [place, large]) rmSync(made, { recursive: true })
  process.stdout.write(
    `overwritten twice over at 80 % of what may live (${keys} records of 4 KiB, 32 clients): ` +
      `write amplification ${amplification.toFixed(2)}, ${zonesCollected} zones collected; ` +
      `p99 ${beside.toFixed(3)} ms ÷ ${without.toFixed(3)} ms where ${collectedThere} were ` +
      `collected = ${(beside / without).toFixed(2)}; ` +
      `${(indexBytes / records).toFixed(1)} bytes of index a record; opened in ${seconds.toFixed(3)} s: ` +
      `${(liveBytes / 2 ** 30 / seconds).toFixed(2)} GiB of live log a second\n`,
  )
  return beside / without
}

/** A new log with so many records, and clients that overwrite them. */
async function overwriting(place: Place, records?: number): Promise<Overwriting> {
  const log = await openIn(place)
  const keys = records ?? Math.floor((log.counters().capacityBytes * FULL) / RECORD_BYTES)
  const put = async (i: number): Promise<number> => {
    const from = performance.now()
    const key = log.key(1, Buffer.from(`key ${i}`))
    await log.commit([{ key, value: { payload: PAYLOAD } }], 'disk')
    return performance.now() - from
  }
  const all = async (count: number, next: (i: number) => number): Promise<number[]> => {
    const took: number[] = []
    let begun = 0
    const client = async (): Promise<void> => {
      for (let i = begun++; i < count; i = begun++) took.push(await put(next(i)))
    }
    await Promise.all(Array.from({ length: CLIENTS }, client))
    return took
  }
  await all(keys, (i) => i)
  return { log, keys, run: (count) => all(count, () => Math.floor(Math.random() * keys)) }
}

function openIn({ directory, sizeBytes }: Place): Promise<Log> {
  return openLog({
    disk: new DirectoryDisk(directory),
    clock: realClock,
    random: realRandom,
    say: () => {},
    name: 'log',
    layout: layoutFor(sizeBytes),
  })
}

function percentile99(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length * 0.99)] ?? 0
}
