// The thread of one shard: opens its log, answers its own socket and the other threads, until told
// to stop. A client may ask any shard's socket for any key.
import net, { type Server, type Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { codeOf } from '../../src/base/errors.ts'
import { layoutFor } from '../../src/log/format/layout.ts'
import { openLog } from '../../src/log/log.ts'
import { LISTED } from '../../src/objects/kinds.ts'
import { ObjectShard } from '../../src/objects/object-shard.ts'
import { ObjectStore } from '../../src/objects/object-store.ts'
import { listenOnSocket } from '../api/unix-socket.ts'
import { DirectoryDisk } from '../disk/directory-disk.ts'
import { realClock } from '../ports/real-clock.ts'
import { realRandom } from '../ports/real-random.ts'
import { Connection } from './connection.ts'
import { type FromShard, type ShardInit, socketOf, type ToShard } from './messages.ts'
import { RemoteShard } from './remote-shard.ts'
import { Turn } from './turn.ts'

const MOST_CONNECTIONS = 1024

const init = workerData as ShardInit
const main = parentPort

function tell(message: FromShard): void {
  main?.postMessage(message)
}

function say(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: object): void {
  tell({ type: 'log', level, message, fields: JSON.stringify(fields ?? {}) })
}

async function open(): Promise<ObjectShard> {
  const log = await openLog({
    disk: new DirectoryDisk(init.directory, { syncsHere: true }),
    clock: realClock,
    random: realRandom,
    say,
    name: `shard-${init.shard}.log`,
    layout: layoutFor(init.sizeBytes),
    shard: init.shard,
    shards: init.shards,
    kinds: LISTED,
  })
  tell({ type: 'opened', report: JSON.stringify(log.report) })
  return new ObjectShard(log, realClock)
}

const connections = new Set<Socket>()

async function serve(store: ObjectStore): Promise<Server> {
  const { shard, shards } = init
  const turn = new Turn()
  const server = net.createServer((socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    void new Connection({ socket, store, shard, shards, log: say, turn })
  })
  server.maxConnections = MOST_CONNECTIONS
  await listenOnSocket(server, socketOf(init.socket, shard))
  return server
}

async function run(): Promise<void> {
  const here = await open()
  const remotes = init.ports.map((port) => port && new RemoteShard(port, here))
  const shards = remotes.map((remote) => remote ?? here)
  const store = new ObjectStore({ shards, clock: realClock, random: realRandom })
  let server: Server | undefined
  const obey = async ({ type }: ToShard): Promise<void> => {
    if (type === 'recover') {
      await store.recover()
      tell({ type: 'recovered' })
    } else if (type === 'serve') {
      server = await serve(store)
      tell({ type: 'serving' })
    } else {
      server?.close()
      for (const socket of connections) socket.destroy()
      await here.close()
      for (const remote of remotes) remote?.close()
      tell({ type: 'stopped' })
      main?.close()
    }
  }
  main?.on('message', (message: ToShard) => void obey(message).catch(fail))
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  tell({ type: 'failed', code: codeOf(error), message })
}

await run().catch(fail)
