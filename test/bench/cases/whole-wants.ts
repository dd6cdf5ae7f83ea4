// (h) What a want costs the two whole nodes at its ends: looked for, asked, answered out of the shard,
// checked and kept, and not only carried, as in (c). This is what `network.cpuMessageMs` of the simulator
// stands for: the four ends of a want's two messages. Runs itself as the processes of both nodes.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startPeer } from '../../../peers/net/peer.ts'
import { realClock } from '../../../peers/ports/real-clock.ts'
import { realRandom } from '../../../peers/ports/real-random.ts'
import { openDirectorySource } from '../../../peers/source/open-source.ts'
import type { MeshNode, VolumeInit } from '../../../src/node/mesh-node.ts'
import { startNode } from '../../../src/node/start-node.ts'
import type { Row, Sample } from '../report.ts'
import { type Bench, writeLargeFile } from '../stage.ts'

const BLOCK = 4096
const PIECES = 64
const IN_FLIGHT = 16
/** Read first, and not counted: by then the engine has compiled what it will. */
const WARM_SHARE = 0.5
const SETTLE_MS = 1_000
const FILE = 'blocks'
const MESH_KEY = new Uint8Array(32).fill(7)

type Cost = { readonly askerMicros: number; readonly serverMicros: number }

export async function measureWholeWants(bench: Bench): Promise<readonly Row[]> {
  const directory = bench.workspace.makeDirectory('whole-wants')
  writeLargeFile(`${directory}/${FILE}`, PIECES)
  const costs: Cost[] = []
  for (let repeat = 0; repeat < bench.repeats; repeat++) {
    bench.signal.throwIfAborted()
    costs.push(await measureOnce(directory, bench.signal))
  }
  const row = (what: string, samples: Sample[]): Row => ({
    case: 'h',
    what: `CPU of ${what}, tls`,
    unit: 'us/want',
    samples,
  })
  return [
    row(
      'who asks',
      costs.map(({ askerMicros: ours }) => ({ ours })),
    ),
    row(
      'who answers',
      costs.map(({ serverMicros: ours }) => ({ ours })),
    ),
  ]
}

async function measureOnce(directory: string, signal: AbortSignal): Promise<Cost> {
  const program = fileURLToPath(import.meta.url)
  const server = fork(program, ['--serve', directory])
  const asker = fork(program, ['--ask', directory])
  const stop = (): void => [server, asker].forEach((child) => void child.kill('SIGKILL'))
  signal.addEventListener('abort', stop, { once: true })
  try {
    const address = await from<string>(server)
    asker.send(address)
    await from(asker)
    const before = await cpuOf(server)
    asker.send('go')
    const { micros, wants } = await from<{ micros: number; wants: number }>(asker)
    const theirs = (await cpuOf(server)) - before
    return { askerMicros: micros / wants, serverMicros: theirs / wants }
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

async function from<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a node of (h) ended: ${code}`)
  })
  const [said] = (await Promise.race([once(child, 'message'), ended])) as [T]
  return said
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send('cpu')
  return from<number>(child)
}

/** A node with one volume of small blocks, and its peer. */
async function startWhole(source?: VolumeInit['source']) {
  const listen = ['/ip4/127.0.0.1/tcp/0']
  const peer = await startPeer({ mesh: 'bench', meshKey: MESH_KEY, listen })
  const volume = { name: 'v', blockBytes: BLOCK, readAheadBytes: 0 }
  const ports = { ...peer, clock: realClock, random: realRandom }
  const volumes = [source === undefined ? volume : { ...volume, source }]
  return { peer, node: await startNode(ports, { volumes, ramBytes: 2 ** 29, epoch: 1 }) }
}

async function readBlocks(node: MeshNode, blocks: { from: number; to: number }): Promise<void> {
  const volume = node.volume('v')
  const { nodeid } = await volume.lookup(1, FILE)
  const { handle } = await volume.open(nodeid)
  let next = blocks.from
  const reader = async (): Promise<void> => {
    while (next < blocks.to) await volume.read(handle, { from: next++ * BLOCK, length: BLOCK })
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, reader))
  volume.release(handle)
}

function myMicros(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

async function serve(directory: string): Promise<void> {
  const source = await openDirectorySource({ directory })
  const { peer, node } = await startWhole(source)
  await readBlocks(node, { from: 0, to: blocksIn(directory) })
  process.on('message', () => process.send?.(myMicros()))
  process.send?.(peer.addresses()[0])
}

async function ask(directory: string): Promise<void> {
  const { peer, node } = await startWhole()
  const [address] = (await once(process, 'message')) as [string]
  await peer.dial([address])
  await node.ready('v')
  const [total, warm] = [blocksIn(directory), blocksIn(directory) * WARM_SHARE]
  await readBlocks(node, { from: 0, to: warm })
  await sleep(SETTLE_MS)
  process.send?.('ready')
  await once(process, 'message')
  const before = myMicros()
  await readBlocks(node, { from: warm, to: total })
  process.send?.({ micros: myMicros() - before, wants: total - warm })
}

function blocksIn(directory: string): number {
  return statSync(`${directory}/${FILE}`).size / BLOCK
}

const [, , role, directory] = process.argv
if (role === '--serve' && directory !== undefined) await serve(directory)
if (role === '--ask' && directory !== undefined) await ask(directory)
