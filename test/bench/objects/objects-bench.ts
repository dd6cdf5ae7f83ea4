// `npm run bench:objects`: the object store against lmdb and classic-level in the same process, and
// against Redis over a Unix socket, in one run; then what collection costs: write amplification and
// latencies of a store that is 80 % full and overwritten. It measures and prints, and asserts nothing.
//
//   sh peers/launch test/bench/objects/objects-bench.ts [--dir DIR] [--packages DIR] [--redis FILE] [--only overwrite]
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

/** 80 % of what may live, then overwritten at random once over: what that costs. */
async function overwrite(place: Place): Promise<void> {
  const open = (): Promise<Log> =>
    openLog({
      disk: new DirectoryDisk(join(place.directory, 'overwrite')),
      clock: realClock,
      random: realRandom,
      say: () => {},
      name: 'log',
      layout: layoutFor(place.sizeBytes / 2),
    })
  let log = await open()
  const keys = Math.floor((log.counters().capacityBytes * 0.8) / 4400)
  const payload = Buffer.alloc(4096, 'x')
  const put = async (i: number): Promise<number> => {
    const from = performance.now()
    const key = log.key(1, Buffer.from(`key ${i}`))
    await log.commit([{ key, value: { payload } }], 'disk')
    return performance.now() - from
  }
  const run = async (count: number, next: (i: number) => number): Promise<number[]> => {
    const took: number[] = []
    let begun = 0
    const client = async (): Promise<void> => {
      for (let i = begun++; i < count; i = begun++) took.push(await put(next(i)))
    }
    await Promise.all(Array.from({ length: 32 }, client))
    return took
  }
  const first = await run(keys, (i) => i)
  const before = log.counters().writtenBytes
  const later = await run(keys * 2, () => Math.floor(Math.random() * keys))
  const { writtenBytes, records, indexBytes, liveBytes, zonesCollected } = log.counters()
  const amplification = (writtenBytes - before) / (keys * 2 * payload.length)
  await log.close()
  log = await open()
  const { seconds } = log.report
  await log.close()
  process.stdout.write(
    `overwritten twice over at 80 % of what may live (${keys} records of 4 KiB, 32 clients): ` +
      `write amplification ${amplification.toFixed(2)}, ${zonesCollected} zones collected; ` +
      `p99 ${percentile(later, 0.99).toFixed(3)} ms ÷ ${percentile(first, 0.99).toFixed(3)} ms ` +
      `without = ${(percentile(later, 0.99) / percentile(first, 0.99)).toFixed(2)}; ` +
      `${(indexBytes / records).toFixed(1)} bytes of index a record; opened in ${seconds.toFixed(3)} s: ` +
      `${(liveBytes / 2 ** 30 / seconds).toFixed(2)} GiB of live log a second\n`,
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
  const place = { directory, sizeBytes: 1 << 30, packages: given.packages, redis: given.redis }
  try {
    if (given.only.includes('process')) await compareInProcess(place)
    if (given.only.includes('socket')) await compareServed(place)
    if (given.only.includes('overwrite')) await overwrite(place)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

await main()
