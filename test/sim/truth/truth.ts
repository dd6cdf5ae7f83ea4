// `npm run truth`: the simulator held against the real thing, as a table of real, simulated, and ratio.
// It takes some minutes, and the machine for itself: what it says of time is of this machine now.
import process from 'node:process'
import Table from 'cli-table3'
import { realGossip, simulatedGossip } from './gossip.ts'
import { compareTables } from './kademlia.ts'
import { measureCosts, realWhole, simulatedWhole } from './whole.ts'

const SEED = 1

type Figures = Readonly<Record<string, number>>

function print(title: string, real: Figures, simulated: Figures): void {
  const table = new Table({ head: [title, 'real', 'simulated', 'simulated / real'] })
  for (const [name, value] of Object.entries(real)) {
    const other = simulated[name] ?? Number.NaN
    table.push([name, short(value), short(other), value === other ? '1' : short(other / value)])
  }
  process.stdout.write(`${table.toString()}\n\n`)
}

function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : '–'
}

async function tables(nodes: number, bucketSize: number): Promise<void> {
  const { real, simulated } = await compareTables({ nodes, bucketSize, seed: SEED })
  print(`kad-dht, ${nodes} nodes, k = ${bucketSize}`, real, simulated)
}

async function gossip(nodes: number): Promise<void> {
  const of = { nodes, messages: 20, seed: SEED }
  print(`gossipsub, ${nodes} nodes`, await realGossip(of), await simulatedGossip(of))
}

async function whole(nodes: number): Promise<void> {
  const of = { nodes, seed: SEED }
  const costs = await measureCosts(of)
  const said = Object.entries(costs).map(([name, value]) => `${name} ${short(value)}`)
  process.stdout.write(`costs measured here, milliseconds: ${said.join(', ')}\n`)
  print(`mesh of ${nodes} processes`, await realWhole(of), await simulatedWhole(of, costs))
}

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  whole: async () => {
    await whole(8)
    await whole(16)
  },
  gossip: async () => {
    await gossip(16)
    await gossip(64)
  },
  tables: async () => {
    await tables(16, 8)
    await tables(32, 8)
    await tables(64, 20)
  },
}

const USAGE = `Usage: npm run truth -- [PART...], of ${Object.keys(PARTS).join(', ')}; all without one\n`

const asked = process.argv.slice(2)
if (asked.some((name) => PARTS[name] === undefined)) {
  const isHelp = asked[0] === '--help' || asked[0] === '-h'
  process[isHelp ? 'stdout' : 'stderr'].write(USAGE)
  process.exitCode = isHelp ? 0 : 2
} else {
  for (const [name, part] of Object.entries(PARTS)) {
    if (asked.length === 0 || asked.includes(name)) await part()
  }
}
