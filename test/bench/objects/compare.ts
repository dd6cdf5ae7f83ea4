// Stores beside one another: each cell of the table is measured on one store after the other, again
// and again, so that all of them see the same machine; what is shown are medians.
import { renderTable } from '../../../peers/commands/table.ts'
import { median } from '../report.ts'
import type { ObjectsBenchOptions } from './options.ts'
import type { Client, Store } from './stores.ts'

const SIZES = [4096, 65_536]
const CLIENTS = [1, 32]
const MOST_CLIENTS = Math.max(...CLIENTS)
/** Of each size: 64 MiB of values. */
const keysOf = (size: number): number => (64 << 20) / size
const WORK = ['write', 'write durable', 'read'] as const

type Cell = {
  readonly size: number
  readonly clients: number
  readonly work: (typeof WORK)[number]
}

type Connected = { readonly name: string; readonly clients: readonly Client[] }

/** The first store is held against the others. Prints a table. */
export async function compare(
  title: string,
  stores: readonly Store[],
  options: ObjectsBenchOptions,
): Promise<void> {
  const connected: Connected[] = []
  for (const store of stores) {
    const clients = await Promise.all(Array.from({ length: MOST_CLIENTS }, () => store.client()))
    await fill(clients)
    connected.push({ name: store.name, clients })
  }
  const rows: string[][] = []
  for (const work of WORK) {
    for (const size of SIZES) {
      for (const clients of CLIENTS) {
        const cells = await row(connected, { work, size, clients }, options)
        rows.push([work, `${size / 1024} KiB`, `${clients}`, ...cells])
      }
    }
  }
  const [own = '', ...others] = stores.map(({ name }) => name)
  const head = ['', 'value', 'clients', own, ...others, ...others.map((name) => `${own} ÷ ${name}`)]
  process.stdout.write(`${title}, operations a second\n${renderTable(head, rows)}\n`)
}

/** Rates, then the first one's divided by each other's. */
async function row(
  stores: readonly Connected[],
  cell: Cell,
  { repeats, ms }: ObjectsBenchOptions,
): Promise<string[]> {
  const rates: number[][] = stores.map(() => [])
  for (let i = 0; i < repeats; i++) {
    for (const [place, store] of stores.entries()) {
      if (isAsked(store, cell)) rates[place]?.push(await measure(store, cell, ms))
    }
  }
  const [own = [], ...others] = rates
  const ratios = others.map((all) => all.map((rate, i) => (own[i] ?? NaN) / rate))
  const shown = (all: readonly number[], digits: number): string =>
    all.length === 0 ? '' : median(all).toFixed(digits)
  return [...rates.map((all) => shown(all, 0)), ...ratios.map((all) => shown(all, 2))]
}

/** Redis knows one way of syncing at a time: each is asked for what it does. */
function isAsked({ name }: Connected, { work }: Cell): boolean {
  return name !== (work === 'write durable' ? 'redis everysec' : 'redis always')
}

/** Operations a second. */
async function measure(store: Connected, cell: Cell, ms: number): Promise<number> {
  const { size, clients, work } = cell
  const keys = keysOf(size)
  const value = Buffer.alloc(size, 'value')
  const from = performance.now()
  const until = from + ms
  let done = 0
  await Promise.all(
    store.clients.slice(0, clients).map(async (client) => {
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

async function fill(clients: readonly Client[]): Promise<void> {
  for (const size of SIZES) {
    const value = Buffer.alloc(size, 'first')
    let next = 0
    await Promise.all(
      clients.map(async (client) => {
        for (let i = next++; i < keysOf(size); i = next++) {
          await client.write(`key ${size} ${i}`, value, false)
        }
      }),
    )
  }
}
