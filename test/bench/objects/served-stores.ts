// Stores that are processes of their own, asked by clients in this one over a Unix socket: ours as
// `potluck object serve` runs it, on one shard, and Redis, which has one thread for everything.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { join } from 'node:path'
import { ObjectClient } from '../../../peers/objects/object-client.ts'
import { redisClient } from './redis-client.ts'
import type { ObjectsBenchOptions } from './options.ts'
import type { Store } from './stores.ts'

const MOST_START_MS = 60_000
const POTLUCK = join(import.meta.dirname, '../../../peers/potluck')

export async function openServed({ directory, sizeBytes }: ObjectsBenchOptions): Promise<Store> {
  const socket = join(directory, 'own.sock')
  const where = ['--dir', join(directory, 'served'), '--size', String(sizeBytes)]
  const how = ['--log-shards', '1', '--socket', socket, '--until-eof']
  const command = [POTLUCK, 'object', 'serve', ...where, ...how]
  const server = await startServer('sh', command, 'is up at')
  const clients: ObjectClient[] = []
  return {
    name: 'own',
    client: async () => {
      const client = await ObjectClient.connect(socket)
      clients.push(client)
      return {
        write: (key, value, isDurable) =>
          client.write(key, value, { durability: isDurable ? 'sync' : 'disk' }),
        read: (key) => client.read(key),
      }
    },
    close: async () => {
      for (const client of clients) client.close()
      const exited = once(server, 'exit')
      server.stdin?.end()
      await exited
    },
  }
}

/** @param fsync `everysec` or `always`: when Redis syncs its append-only file */
export async function openRedis(
  { directory, redis }: ObjectsBenchOptions,
  fsync: 'everysec' | 'always',
): Promise<Store> {
  const socket = join(directory, `redis-${fsync}.sock`)
  const config = ['--port', '0', '--unixsocket', socket, '--dir', directory, '--save', '']
  const file = ['--appendonly', 'yes', '--appendfsync', fsync, '--appenddirname', `aof-${fsync}`]
  const server = await startServer(redis, [...config, ...file], 'ready to accept connections')
  const sockets: net.Socket[] = []
  return {
    name: `redis ${fsync}`,
    client: async () => {
      const connection = net.connect(socket)
      await once(connection, 'connect')
      sockets.push(connection)
      return redisClient(connection)
    },
    close: async () => {
      for (const connection of sockets) connection.destroy()
      const exited = once(server, 'exit')
      server.kill('SIGTERM')
      await exited
    },
  }
}

/** Resolves when it says that it is ready. @throws Error with the last that it said */
async function startServer(
  command: string,
  given: readonly string[],
  ready: string,
): Promise<ChildProcess> {
  const child = spawn(command, given, { stdio: ['pipe', 'pipe', 'pipe'] })
  // However the bench ends, its servers do.
  process.prependOnceListener('exit', () => child.kill('SIGKILL'))
  let said = ''
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-4096)
      if (said.includes(ready)) resolve()
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    const late = (): void => {
      reject(new Error(`${command} is not ready after ${MOST_START_MS / 1000} s: ${said.trim()}`))
    }
    setTimeout(late, MOST_START_MS).unref()
    child.on('error', (cause) => reject(new Error(`${command}: ${cause.message}`, { cause })))
    child.on('exit', (code) =>
      reject(new Error(`${command} ended (${code}) before it was ready: ${said.trim()}`)),
    )
  })
  return child
}
