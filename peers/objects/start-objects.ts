import path from 'node:path'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { isErrorCode, PotluckError } from '../../src/base/errors.ts'
import type { Log } from '../../src/base/log.ts'
import type { OpenReport } from '../../src/log/open/open-log.ts'
import { LEAST_LOG_BYTES } from '../../src/log/format/layout.ts'
import { clearStale } from '../api/unix-socket.ts'
import { type FromShard, type ShardInit, socketOf, type ToShard } from './messages.ts'

export type ObjectsInit = {
  readonly directory: string
  /** Of all shards together. */
  readonly sizeBytes: number
  readonly shards: number
  readonly socket: string
  readonly log: Log
}

export type RunningObjects = {
  readonly socket: string
  readonly reports: readonly OpenReport[]
  /** Rejects when a shard ends by itself. */
  readonly failed: Promise<never>
  stop(): Promise<void>
}

/**
 * Opens the store in a directory, making it where there is none, and serves it.
 *
 * @throws PotluckError EINVAL (too small, or made for another size or number of shards), EBUSY (in
 *   use), CORRUPT, and those of the disk and the socket
 */
export async function startObjects(init: ObjectsInit): Promise<RunningObjects> {
  const sizeBytes = Math.floor(init.sizeBytes / init.shards / 4096) * 4096
  if (sizeBytes < LEAST_LOG_BYTES) {
    const least = (LEAST_LOG_BYTES * init.shards) / 2 ** 20
    const message = `--size: a store of ${init.shards} shards needs ${least} MiB or more`
    throw new PotluckError('EINVAL', message)
  }
  const socket = path.resolve(init.socket)
  for (let shard = 0; shard < init.shards; shard++) await clearStale(socketOf(socket, shard))
  const ports = connectAll(init.shards)
  const threads = ports.map(
    (own, shard) =>
      new ShardThread(
        {
          shard,
          shards: init.shards,
          directory: path.resolve(init.directory),
          sizeBytes,
          socket,
          ports: own,
        },
        init.log,
      ),
  )
  try {
    const opened = await Promise.all(threads.map((thread) => thread.heard('opened')))
    threads[0]?.tell({ type: 'recover' })
    await threads[0]?.heard('recovered')
    await serveAll(threads)
    const reports = opened.map(({ report }) => JSON.parse(report) as OpenReport)
    const failed = Promise.race(threads.map((thread) => thread.ended))
    failed.catch(() => {})
    return { socket, reports, failed, stop: () => stopAll(threads) }
  } catch (error) {
    await stopAll(threads).catch(() => {})
    throw error
  }
}

/** Sockets are nobody else's from the beginning, for which threads need the mask that we set. */
async function serveAll(threads: readonly ShardThread[]): Promise<void> {
  const mask = process.umask(0o177)
  try {
    for (const thread of threads) thread.tell({ type: 'serve' })
    await Promise.all(threads.map((thread) => thread.heard('serving')))
  } finally {
    process.umask(mask)
  }
}

/** A channel for each pair: `ports[a][b]` is a's end of the one to b. */
function connectAll(shards: number): (MessagePort | undefined)[][] {
  const ports: (MessagePort | undefined)[][] = Array.from({ length: shards }, () =>
    Array.from({ length: shards }),
  )
  for (let a = 0; a < shards; a++) {
    for (let b = a + 1; b < shards; b++) {
      const { port1, port2 } = new MessageChannel()
      ports[a]?.splice(b, 1, port1)
      ports[b]?.splice(a, 1, port2)
    }
  }
  return ports
}

async function stopAll(threads: readonly ShardThread[]): Promise<void> {
  const ended = await Promise.allSettled(threads.map((thread) => thread.stop()))
  const failure = ended.find((each) => each.status === 'rejected')
  if (failure !== undefined) throw failure.reason
}

type Heard<Type extends FromShard['type']> = Extract<FromShard, { type: Type }>

class ShardThread {
  /** Rejects when the thread fails. */
  readonly ended: Promise<never>
  readonly #worker: Worker
  readonly #log: Log
  readonly #listeners = new Map<string, (message: FromShard) => void>()
  readonly #unheard = new Map<string, FromShard>()
  #fail: (error: Error) => void = () => {}
  #isGone = false

  constructor(init: ShardInit, log: Log) {
    this.#log = log
    this.ended = new Promise((_, reject) => (this.#fail = reject))
    this.ended.catch(() => {})
    this.#worker = new Worker(new URL('./shard-thread.ts', import.meta.url), {
      workerData: init,
      transferList: init.ports.filter((port) => port !== undefined),
    })
    this.#worker.on('message', (message: FromShard) => this.#hear(message))
    this.#worker.on('error', (error) => this.#fail(error as Error))
    this.#worker.on('exit', () => {
      this.#isGone = true
      this.#fail(new PotluckError('CLOSED', `shard ${init.shard} has ended`))
    })
  }

  tell(message: ToShard): void {
    this.#worker.postMessage(message)
  }

  /** The next message of this type. @throws PotluckError what made the thread fail */
  heard<Type extends FromShard['type']>(type: Type): Promise<Heard<Type>> {
    const already = this.#unheard.get(type)
    const next = new Promise<FromShard>((resolve) => {
      if (already === undefined) this.#listeners.set(type, resolve)
      else resolve(already)
    })
    return Promise.race([next as Promise<Heard<Type>>, this.ended])
  }

  async stop(): Promise<void> {
    if (this.#isGone) return
    this.tell({ type: 'stop' })
    await this.heard('stopped').finally(() => this.#worker.terminate())
  }

  #hear(message: FromShard): void {
    if (message.type === 'log') {
      const fields = JSON.parse(message.fields) as Record<string, unknown>
      this.#log(message.level, message.message, fields)
    } else if (message.type === 'failed') {
      const { code } = message
      this.#fail(new PotluckError(isErrorCode(code) ? code : 'EIO', message.message))
    } else {
      const listener = this.#listeners.get(message.type)
      this.#listeners.delete(message.type)
      if (listener === undefined) this.#unheard.set(message.type, message)
      else listener(message)
    }
  }
}
