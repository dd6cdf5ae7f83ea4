// What a want and a byte cost between two processes on loopback, over our links and over bare
// node:net with the same framing. CPU is that of both ends. Run it directly for a table, or let the
// bench harness call `measureNetwork`.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startPeer } from '../../peers/net/peer.ts'
import type { Security } from '../../peers/net/libp2p/libp2p-node.ts'
import type { Reply, Request } from '../../src/ports/messages.ts'
import { connectRaw, serveRaw } from './raw-network.ts'

export type Transport = Security | 'raw'
export type Load = {
  readonly blockBytes: number
  readonly inFlight: number
  readonly requests: number
}
export type Measured = {
  readonly transport: Transport
  readonly perSecond: number
  readonly megabytesPerSecond: number
  readonly cpuMicrosPerRequest: number
  readonly cpuSecondsPerGigabyte: number
}

export const SMALL: Load = { blockBytes: 4_096, inFlight: 32, requests: 100_000 }
export const BULK: Load = { blockBytes: 1_048_576, inFlight: 8, requests: 1024 }

const MESH_KEY = new Uint8Array(32).fill(7)
const LISTEN = ['/ip4/127.0.0.1/tcp/0']
const WANT: Request = {
  type: 'want',
  want: {
    volume: 'software',
    kind: 'data',
    inode: '1234567',
    index: 3,
    splits: 0,
    path: 'lib/python3.11/site-packages/numpy/core/multiarray.py',
    version: 1_234_567,
    floor: 7_163_000_000_000_000,
    reach: 'climb',
  },
}

type Ask = () => Promise<number>
type Client = { readonly ask: Ask; stop(): Promise<void> }

/** Starts a server process, warms both ends up, and measures one load. */
async function measureNetwork(transport: Transport, load: Load): Promise<Measured> {
  const server = fork(fileURLToPath(import.meta.url), ['--serve', transport, `${load.blockBytes}`])
  try {
    const [address] = (await once(server, 'message')) as [string]
    const client = await connect(transport, address)
    await run(client.ask, { ...load, requests: Math.min(20_000, load.requests) })
    const measured = await measure(transport, { client, server, load })
    await client.stop()
    return measured
  } finally {
    server.disconnect()
  }
}

/**
 * The same in a client process of its own: what was measured before must not have shaped the code
 * that the engine compiles for this one.
 */
export async function measureApart(
  transport: Transport,
  load: Load,
  signal: AbortSignal,
): Promise<Measured> {
  const program = fileURLToPath(import.meta.url)
  const client = fork(program, ['--measure', transport, JSON.stringify(load)])
  const stop = (): void => void client.kill('SIGKILL')
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    const ended = once(client, 'exit').then(([code, name]) => {
      throw new Error(`the client over ${transport} ended: ${name ?? code}`)
    })
    const [measured] = (await Promise.race([once(client, 'message'), ended])) as [Measured]
    return measured
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

async function measure(
  transport: Transport,
  { client, server, load }: { client: Client; server: ChildProcess; load: Load },
): Promise<Measured> {
  const before = process.cpuUsage()
  const theirsBefore = await cpuOf(server)
  const start = performance.now()
  await run(client.ask, load)
  const seconds = (performance.now() - start) / 1_000
  const ours = process.cpuUsage(before)
  const micros = ours.user + ours.system + (await cpuOf(server)) - theirsBefore
  const gigabytes = (load.requests * load.blockBytes) / 1e9
  return {
    transport,
    perSecond: load.requests / seconds,
    megabytesPerSecond: (gigabytes * 1_000) / seconds,
    cpuMicrosPerRequest: micros / load.requests,
    cpuSecondsPerGigabyte: micros / 1e6 / gigabytes,
  }
}

async function run(ask: Ask, { inFlight, requests, blockBytes }: Load): Promise<void> {
  let left = requests
  async function worker(): Promise<void> {
    while (left-- > 0) {
      const length = await ask()
      if (length !== blockBytes) throw new Error(`a block of ${length} bytes`)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
}

async function cpuOf(server: ChildProcess): Promise<number> {
  server.send('cpu')
  const [micros] = (await once(server, 'message')) as [number]
  return micros
}

async function connect(transport: Transport, address: string): Promise<Client> {
  if (transport === 'raw') return connectRaw(address)
  const init = { mesh: 'bench', meshKey: MESH_KEY, listen: LISTEN, security: transport }
  const peer = await startPeer(init)
  const to = await peer.dial([address])
  const ask = async (): Promise<number> => {
    const reply = await peer.network.request(to, WANT)
    if (reply.type !== 'answer' || reply.answer.type !== 'block') throw new Error('no block')
    return reply.answer.block.bytes.length
  }
  return { ask, stop: () => peer.stop() }
}

async function serve(transport: Transport, blockBytes: number): Promise<void> {
  const bytes = Buffer.alloc(blockBytes, 0x5a)
  process.on('disconnect', () => process.exit())
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.(user + system)
  })
  if (transport === 'raw') {
    process.send?.(await serveRaw(bytes))
    return
  }
  const init = { mesh: 'bench', meshKey: MESH_KEY, listen: LISTEN, security: transport }
  const peer = await startPeer(init)
  const block = { stamp: 7_163_000_000_000_000, version: 1, checksum: 123_456, bytes }
  const reply: Reply = { type: 'answer', answer: { type: 'block', block } }
  peer.network.handle(async () => reply)
  process.send?.(peer.addresses()[0])
}

async function main(): Promise<void> {
  const chosen = process.argv[2]?.split(',') ?? ['raw', 'plaintext', 'tls', 'noise']
  for (const transport of chosen as Transport[]) {
    const small = await measureNetwork(transport, SMALL)
    const bulk = await measureNetwork(transport, BULK)
    process.stdout.write(
      `${transport.padEnd(10)} ${small.perSecond.toFixed(0)} wants/s, ` +
        `${small.cpuMicrosPerRequest.toFixed(1)} us CPU a want, ` +
        `${bulk.megabytesPerSecond.toFixed(0)} MB/s, ` +
        `${bulk.cpuSecondsPerGigabyte.toFixed(2)} CPU-s/GB\n`,
    )
  }
}

if (process.argv[2] === '--serve') {
  await serve(process.argv[3] as Transport, Number(process.argv[4]))
} else if (process.argv[2] === '--measure') {
  const load = JSON.parse(process.argv[4] ?? '') as Load
  process.send?.(await measureNetwork(process.argv[3] as Transport, load))
} else if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
