// `npm run bench:objects`: the object store against lmdb and classic-level in the same process, and
// against Redis over a Unix socket, in one run; then what collection costs: write amplification and
// latencies of a store that is 80 % full and overwritten. It measures and prints, and asserts nothing.
//
//   sh peers/launch test/bench/objects/objects-bench.ts [--dir DIR] [--packages DIR] [--redis FILE]
//     [--only overwrite] [--repeats N]
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DirectoryDisk } from '../../../peers/disk/directory-disk.ts'
import { renderTable } from '../../../peers/commands/table.ts'
import { realClock } from '../../../peers/ports/real-clock.ts'
import { realRandom } from '../../../peers/ports/real-random.ts'
import { layoutFor } from '../../../src/log/format/layout.ts'
import { type Log, openLog } from '../../../src/log/log.ts'
import {
  openLevel,
  openLmdb,
  openOwn,
  openRedis,
  openServed,
  type Place,
  type Store,
} from './stores.ts'

const { values: given } = parseArgs({
  options: {
    dir: { type: 'string', default: tmpdir() },
    packages: { type: 'string', default: join(import.meta.dirname, '../../..') },
    redis: { type: 'string', default: '/usr/bin/redis-server' },
    ms: { type: 'string', default: '800' },
    repeats: { type: 'string', default: '3' },
    size: { type: 'string', default: String(1 << 30) },
    only: { type: 'string', default: 'process,socket,overwrite' },
  },
})

const CELL_MS = Number(given.ms)
const SIZES = [4096, 65_536]
const CLIENTS = [1, 32]
/** Of each size: 64 MiB of values. */
const keysOf = (size: number): number => (64 << 20) / size
const WORK = ['write', 'write durable', 'read'] as const

type Cell = {
  readonly size: number
  readonly clients: number
  readonly work: (typeof WORK)[number]
}

/** Operations a second. */
async function measure(store: Store, { size, clients, work }: Cell): Promise<number> {
  const keys = keysOf(size)
  const value = Buffer.alloc(size, 'value')
  const all = await Promise.all(Array.from({ length: clients }, () => store.client()))
  const until = performance.now() + CELL_MS
  let done = 0
  const from = performance.now()
  await Promise.all(
    all.map(async (client) => {
      while (performance.now() < until) {
        const key = `key ${size} ${Math.floor(Math.random() * keys)}`
        if (work === 'read') await client.read(key)
        else await client.write(key, value, work === 'write durable')
        done += 1
      }
    }),
  )
  return (done / (performance.now() - from)) * 1000
}

async function fill(store: Store): Promise<void> {
  const client = await store.client()
  for (const size of SIZES) {
    const value = Buffer.alloc(size, 'first')
    for (let i = 0; i < keysOf(size); i += 32) {
      const writes = Array.from({ length: 32 }, (_, j) => i + j).filter((j) => j < keysOf(size))
      await Promise.all(
        store.name.startsWith('redis')
          ? []
          : writes.map((j) => client.write(`key ${size} ${j}`, value, false)),
      )
      if (store.name.startsWith('redis')) {
        for (const j of writes) await client.write(`key ${size} ${j}`, value, false)
      }
    }
  }
}

async function compare(title: string, stores: readonly Store[]): Promise<void> {
  for (const store of stores) await fill(store)
  const rows: string[][] = []
  for (const work of WORK) {
    for (const size of SIZES) {
      for (const clients of CLIENTS) {
        const rates: number[] = []
        for (const store of stores) {
          // Redis knows one way of syncing at a time: each is asked for what it does.
          const isOther = work === 'write durable' ? 'redis everysec' : 'redis always'
          rates.push(store.name === isOther ? NaN : await measure(store, { size, clients, work }))
        }
        const [own = 0] = rates
        const cells = rates.map((rate) => (Number.isNaN(rate) ? '' : Math.round(rate).toString()))
        const ratios = rates
          .slice(1)
          .map((rate) => (Number.isNaN(rate) ? '' : (own / rate).toFixed(2)))
        rows.push([work, `${size / 1024} KiB`, `${clients}`, ...cells, ...ratios])
      }
    }
  }
  const names = stores.map(({ name }) => name)
  const head = ['', 'value', 'clients', ...names, ...names.slice(1).map((name) => `own ÷ ${name}`)]
  process.stdout.write(`${title}, operations a second\n${renderTable(head, rows)}\n`)
}

function percentile(all: readonly number[], share: number): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length * share)] ?? 0
}

type Overwriting = {
  readonly log: Log
  readonly keys: number
  /** So many writes at random keys. @returns what each took, ms */
  readonly run: (count: number) => Promise<number[]>
}

const PAYLOAD = Buffer.alloc(4096, 'x')

/** A new log of that size with so many records, and 32 clients that overwrite them. */
async function overwriting(
  place: Place,
  sizeBytes: number,
  records?: number,
): Promise<Overwriting> {
  const log = await openOverwritten(place, sizeBytes)
  const keys = records ?? Math.floor((log.counters().capacityBytes * 0.8) / 4400)
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
    await Promise.all(Array.from({ length: 32 }, client))
    return took
  }
  await all(keys, (i) => i)
  return { log, keys, run: (count) => all(count, () => Math.floor(Math.random() * keys)) }
}

function openOverwritten({ directory }: Place, sizeBytes: number): Promise<Log> {
  return openLog({
    disk: new DirectoryDisk(join(directory, `overwrite-${sizeBytes}`)),
    clock: realClock,
    random: realRandom,
    say: () => {},
    name: 'log',
    layout: layoutFor(sizeBytes),
  })
}

/**
 * 80 % of what may live, then overwritten at random: what that costs, beside the same records
 * overwritten in a log so large that nothing has to be collected.
 */
async function overwrite(place: Place): Promise<number> {
  const sizeBytes = place.sizeBytes / 2
  const { log, keys, run } = await overwriting(place, sizeBytes)
  // Until collection has begun.
  await run(Math.floor(keys / 2))
  const before = log.counters().writtenBytes
  const later = await run(keys * 2)
  const { writtenBytes, records, indexBytes, liveBytes, zonesCollected } = log.counters()
  const amplification = (writtenBytes - before) / (keys * 2 * PAYLOAD.length)
  await log.close()
  const again = await openOverwritten(place, sizeBytes)
  const { seconds } = again.report
  await again.close()
  const large = await overwriting(place, sizeBytes * 6, keys)
  const without = await large.run(Math.floor(keys / 2))
  const collectedThere = large.log.counters().zonesCollected
  await large.log.close()
  rmSync(join(place.directory, `overwrite-${sizeBytes}`), { recursive: true })
  rmSync(join(place.directory, `overwrite-${sizeBytes * 6}`), { recursive: true })
  const [p99, p99Without] = [percentile(later, 0.99), percentile(without, 0.99)]
  process.stdout.write(
    `overwritten twice over at 80 % of what may live (${keys} records of 4 KiB, 32 clients): ` +
      `write amplification ${amplification.toFixed(2)}, ${zonesCollected} zones collected; ` +
      `p99 ${p99.toFixed(3)} ms ÷ ${p99Without.toFixed(3)} ms where ${collectedThere} were ` +
      `collected = ${(p99 / p99Without).toFixed(2)}; ` +
      `${(indexBytes / records).toFixed(1)} bytes of index a record; opened in ${seconds.toFixed(3)} s: ` +
      `${(liveBytes / 2 ** 30 / seconds).toFixed(2)} GiB of live log a second\n`,
  )
  return p99 / p99Without
}

async function overwriteOften(place: Place): Promise<void> {
  const ratios: number[] = []
  for (let i = 0; i < Number(given.repeats); i++) ratios.push(await overwrite(place))
  const all = ratios.map((ratio) => ratio.toFixed(2)).join(', ')
  process.stdout.write(
    `p99 beside collection ÷ without: ${all}; median ${percentile(ratios, 0.5).toFixed(2)}\n`,
  )
}

async function compareInProcess(place: Place): Promise<void> {
  const stores = [await openOwn(place)]
  for (const open of [openLevel, openLmdb]) {
    await open(place).then(
      (store) => stores.push(store),
      (error: Error) => process.stderr.write(`left out: ${error.message.split('\n')[0]}\n`),
    )
  }
  await compare('in one process', stores)
  for (const store of stores) await store.close()
}

async function compareServed(place: Place): Promise<void> {
  const stores = [await openServed(place)]
  if (existsSync(given.redis)) {
    for (const fsync of ['everysec', 'always']) stores.push(await openRedis(place, fsync))
  } else process.stderr.write(`left out: no ${given.redis}\n`)
  await compare('over a Unix socket', stores)
  for (const store of stores) await store.close()
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(given.dir, 'objects-bench-'))
  const place = {
    directory,
    sizeBytes: Number(given.size),
    packages: given.packages,
    redis: given.redis,
  }
  try {
    if (given.only.includes('process')) await compareInProcess(place)
    if (given.only.includes('socket')) await compareServed(place)
    if (given.only.includes('overwrite')) await overwriteOften(place)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

await main()
