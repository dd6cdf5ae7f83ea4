// What the object store is held against in one process, each behind the same few words: npm's lmdb
// and classic-level, as the log is.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { DirectoryDisk } from '../../../peers/disk/directory-disk.ts'
import { realClock } from '../../../peers/ports/real-clock.ts'
import { realRandom } from '../../../peers/ports/real-random.ts'
import { layoutFor } from '../../../src/log/format/layout.ts'
import { openLog } from '../../../src/log/log.ts'
import { ObjectShard } from '../../../src/objects/object-shard.ts'
import type { ObjectsBenchOptions } from './options.ts'

export type Client = {
  write(key: string, value: Buffer, isDurable: boolean): Promise<unknown>
  read(key: string): Promise<unknown>
}

export type Store = {
  readonly name: string
  /** A client of its own, where the store tells them apart. It does one thing after another. */
  client(): Promise<Client>
  close(): Promise<void>
}

/** The log and the objects over it, as a shard's thread has them, without threads and sockets. */
export async function openOwn({ directory, sizeBytes }: ObjectsBenchOptions): Promise<Store> {
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

/** @throws Error where the package is not installed */
export async function openLevel(options: ObjectsBenchOptions): Promise<Store> {
  const { ClassicLevel } = required('classic-level', options) as {
    ClassicLevel: new (where: string, options: object) => Level
  }
  const level = new ClassicLevel(join(options.directory, 'level'), {
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

/** @throws Error where the package is not installed */
export async function openLmdb(options: ObjectsBenchOptions): Promise<Store> {
  const { open } = required('lmdb', options) as { open: (options: object) => Lmdb }
  const lmdb = open({ path: join(options.directory, 'lmdb'), encoding: 'binary' })
  const client: Client = {
    write: async (key, value, isDurable) => {
      await lmdb.put(key, value)
      if (isDurable) await lmdb.flushed
    },
    read: async (key) => lmdb.getBinary(key),
  }
  return { name: 'lmdb', client: async () => client, close: () => lmdb.close() }
}

function required(name: string, { packages }: ObjectsBenchOptions): unknown {
  try {
    return createRequire(join(packages, 'package.json'))(name)
  } catch (cause) {
    const { code } = cause as { code?: string }
    const why = code === 'MODULE_NOT_FOUND' ? `it is not installed in ${packages}` : String(cause)
    throw new Error(`${name}: ${why} (--packages)`, { cause })
  }
}
