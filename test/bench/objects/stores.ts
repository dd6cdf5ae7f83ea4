// What the object store is held against, each behind the same few words: npm's lmdb and
// classic-level in this process, as the log is; Redis over its Unix socket, as the served store is.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import net from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DirectoryDisk } from '../../../peers/disk/directory-disk.ts'
import { ObjectClient } from '../../../peers/objects/object-client.ts'
import { startObjects } from '../../../peers/objects/start-objects.ts'
import { realClock } from '../../../peers/ports/real-clock.ts'
import { realRandom } from '../../../peers/ports/real-random.ts'
import { layoutFor } from '../../../src/log/format/layout.ts'
import { openLog } from '../../../src/log/log.ts'
import { ObjectShard } from '../../../src/objects/object-shard.ts'

export type Client = {
  write(key: string, value: Buffer, isDurable: boolean): Promise<unknown>
  read(key: string): Promise<unknown>
}

export type Store = {
  readonly name: string
  /** A client of its own, where the store tells them apart. */
  client(): Promise<Client>
  close(): Promise<void>
}

export type Place = {
  readonly directory: string
  readonly sizeBytes: number
  /** Where npm packages that the project has not are installed. */
  readonly packages: string
  readonly redis: string
}

/** The log and the objects over it, without threads and sockets. */
export async function openOwn({ directory, sizeBytes }: Place): Promise<Store> {
  const log = await openLog({
    disk: new DirectoryDisk(join(directory, 'own'), { syncsHere: true }),
    clock: realClock,
    random: realRandom,
    say: (level, message) => level === 'error' && process.stderr.write(`${message}\n`),
    name: 'log',
    layout: layoutFor(sizeBytes),
  })
  const shard = new ObjectShard(log, realClock)
  const client: Client = {
    write: (key, bytes, isDurable) =>
      shard.perform({
        type: 'write',
        key: Buffer.from(key),
        bytes,
        options: { durability: isDurable ? 'sync' : 'disk' },
      }),
    read: (key) => shard.perform({ type: 'read', key: Buffer.from(key) }),
  }
  return { name: 'own', client: async () => client, close: () => shard.close() }
}

type Level = {
  open(): Promise<void>
  put(key: string, value: Buffer, options: { sync: boolean }): Promise<void>
  get(key: string): Promise<unknown>
  close(): Promise<void>
}

export async function openLevel({ directory, packages }: Place): Promise<Store> {
  const require = createRequire(join(packages, 'package.json'))
  const { ClassicLevel } = require('classic-level') as {
    ClassicLevel: new (where: string, options: object) => Level
  }
  const level = new ClassicLevel(join(directory, 'level'), {
    valueEncoding: 'buffer',
    compression: false,
  })
  await level.open()
  const client: Client = {
    write: (key, value, isDurable) => level.put(key, value, { sync: isDurable }),
    read: (key) => level.get(key),
  }
  return { name: 'classic-level', client: async () => client, close: () => level.close() }
}

type Lmdb = {
  put(key: string, value: Buffer): Promise<unknown>
  getBinary(key: string): unknown
  readonly flushed: Promise<unknown>
  close(): Promise<void>
}

export async function openLmdb({ directory, packages }: Place): Promise<Store> {
  const require = createRequire(join(packages, 'package.json'))
  const { open } = require('lmdb') as { open: (options: object) => Lmdb }
  const lmdb = open({ path: join(directory, 'lmdb'), encoding: 'binary' })
  const client: Client = {
    write: async (key, value, isDurable) => {
      await lmdb.put(key, value)
      if (isDurable) await lmdb.flushed
    },
    read: async (key) => lmdb.getBinary(key),
  }
  return { name: 'lmdb', client: async () => client, close: () => lmdb.close() }
}

export async function openServed({ directory, sizeBytes }: Place): Promise<Store> {
  const socket = join(directory, 'own.sock')
  const where = join(directory, 'served')
  const running = await startObjects({
    directory: where,
    sizeBytes,
    shards: 1,
    socket,
    log: () => {},
  })
  const clients: ObjectClient[] = []
  return {
    name: 'own, served',
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
      await running.stop()
    },
  }
}

/** @param fsync `everysec` or `always`: when Redis syncs its append-only file */
export async function openRedis({ directory, redis }: Place, fsync: string): Promise<Store> {
  const socket = join(directory, `redis-${fsync}.sock`)
  const config = ['--port', '0', '--unixsocket', socket, '--dir', directory, '--save', '']
  const file = ['--appendonly', 'yes', '--appendfsync', fsync, '--appenddirname', `aof-${fsync}`]
  const child: ChildProcess = spawn(redis, [...config, ...file], { stdio: 'ignore' })
  const sockets: net.Socket[] = []
  const connect = async (): Promise<net.Socket> => {
    for (let tries = 0; ; tries++) {
      const connection = net.connect(socket)
      const isUp = await once(connection, 'connect').then(
        () => true,
        () => false,
      )
      if (isUp) return connection
      if (tries > 50) throw new Error('redis-server does not answer')
      await sleep(100)
    }
  }
  sockets.push(await connect())
  return {
    name: `redis ${fsync}`,
    client: async () => {
      const connection = await connect()
      sockets.push(connection)
      return redisClient(connection)
    },
    close: async () => {
      for (const connection of sockets) connection.destroy()
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** One request at a time, which is all that a client does here. */
function redisClient(connection: net.Socket): Client {
  let waiting: { left: number; resolve: () => void } | undefined
  connection.on('data', (chunk: Buffer) => {
    if (waiting === undefined) return
    // A bulk reply says its length first; a status is one line.
    if (waiting.left < 0) {
      const end = chunk.indexOf('\r\n')
      const isBulk = chunk[0] === 0x24
      const length = Number(chunk.toString('latin1', 1, end))
      waiting.left = isBulk && length >= 0 ? end + 2 + length + 2 : end + 2
    }
    waiting.left -= chunk.length
    if (waiting.left > 0) return
    const { resolve } = waiting
    waiting = undefined
    resolve()
  })
  const ask = (parts: readonly (string | Buffer)[]): Promise<void> => {
    connection.cork()
    connection.write(`*${parts.length}\r\n`)
    for (const part of parts) {
      connection.write(`$${part.length}\r\n`)
      connection.write(part)
      connection.write('\r\n')
    }
    connection.uncork()
    return new Promise((resolve) => (waiting = { left: -1, resolve }))
  }
  return {
    write: (key, value) => ask(['SET', key, value]),
    read: (key) => ask(['GET', key]),
  }
}
