// A program's view of an object store: keys and bytes through the store's Unix sockets. Each key is
// asked of the thread that has it; what concerns several is asked of the first.
import { PotluckError } from '../../src/base/errors.ts'
import { shardOf } from '../../src/objects/object-store.ts'
import {
  type Answer,
  type ByteRange,
  MismatchError,
  MOST_ANSWER_BYTES,
  type ObjectKey,
  type ObjectRecord,
  type Operation,
  type ShardStat,
  type SwapChange,
  type WriteOptions,
} from '../../src/objects/operation.ts'
import { ClientConnection } from './client-connection.ts'
import { socketOf } from './messages.ts'

/** Text as UTF-8, a bigint as the 8 bytes of a uint64, big-endian; or up to 1 KiB of bytes. */
export type Key = string | bigint | Uint8Array

const PART_BYTES = 512 * 1024

export class ObjectClient {
  readonly #socket: string
  readonly #connections: (ClientConnection | undefined)[]

  private constructor(socket: string, first: ClientConnection, shards: number) {
    this.#socket = socket
    this.#connections = Array.from({ length: shards })
    this.#connections[0] = first
  }

  /** @throws PotluckError UNREACHABLE where no store answers; MALFORMED */
  static async connect(socket: string): Promise<ObjectClient> {
    const first = new ClientConnection(socket)
    try {
      return new ObjectClient(socket, first, await first.shards)
    } catch (error) {
      first.close()
      throw error
    }
  }

  close(): void {
    for (const connection of this.#connections) connection?.close()
  }

  /** The record; of an object larger than 1 MiB its first MiB. Undefined where there is none. */
  async read(key: Key): Promise<ObjectRecord | undefined> {
    const answer = await this.#ask({ type: 'read', key: bytesOf(key) })
    return answer.type === 'record' ? answer.record : undefined
  }

  /** All of an object, however large, a part at a time, all of one version. @throws MismatchError */
  async *stream(key: Key): AsyncGenerator<Uint8Array> {
    const first = await this.read(key)
    if (first === undefined) throw new PotluckError('ENOENT', 'there is no such object')
    yield first.bytes
    for (let from = first.bytes.length; from < first.size; from += MOST_ANSWER_BYTES) {
      const length = Math.min(MOST_ANSWER_BYTES, first.size - from)
      const found = await this.readRange(key, [{ from, length }], first.version)
      for (const part of found?.parts ?? []) yield part
    }
  }

  /** Undefined where there is no such object. @throws MismatchError unless it is of `expected` */
  async readRange(
    key: Key,
    ranges: readonly ByteRange[],
    expected?: number,
  ): Promise<Extract<Answer, { type: 'ranges' }> | undefined> {
    const answer = await this.#ask({ type: 'readRange', key: bytesOf(key), ranges, expected })
    return answer.type === 'ranges' ? answer : undefined
  }

  /** The record, and those that each *next* names, at most `most`. */
  async readFollow(key: Key, most = 256): Promise<readonly ObjectRecord[]> {
    const answer = await this.#ask({ type: 'readFollow', key: bytesOf(key), most })
    return answer.type === 'chain' ? answer.records : []
  }

  /**
   * @returns the new version. Bytes in parts, or larger than 512 KiB, are sent as they come.
   * @throws MismatchError; PotluckError ENOSPC (nothing was changed), TOO_LARGE
   */
  async write(
    key: Key,
    bytes: Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: WriteOptions = {},
  ): Promise<number> {
    const at = bytesOf(key)
    if (bytes instanceof Uint8Array && bytes.length <= PART_BYTES) {
      return versionOf(await this.#ask({ type: 'write', key: at, bytes, options }))
    }
    return this.#writeParts(at, bytes instanceof Uint8Array ? [bytes] : bytes, options)
  }

  /** Creates the object where there is none. @throws like `write` */
  async append(key: Key, bytes: Uint8Array, options: WriteOptions = {}): Promise<number> {
    return versionOf(await this.#ask({ type: 'append', key: bytesOf(key), bytes, options }))
  }

  async delete(
    key: Key,
    options: Pick<WriteOptions, 'expected' | 'durability' | 'isRevertable'> = {},
  ): Promise<void> {
    versionOf(await this.#ask({ type: 'delete', key: bytesOf(key), options }))
  }

  /** Back to what was there before the last revertable change. False where nothing is kept. */
  async revert(key: Key): Promise<boolean> {
    const answer = await this.#ask({ type: 'revert', key: bytesOf(key), options: {} })
    return answer.type === 'done'
  }

  /** Keeps the former version no longer. False where nothing was kept. */
  async release(key: Key): Promise<boolean> {
    const answer = await this.#ask({ type: 'release', key: bytesOf(key), options: {} })
    return answer.type === 'done'
  }

  /** Whether a key has this version; 0 is that of what is not there. */
  async compare(key: Key, version: number): Promise<boolean> {
    const answer = await this.#ask({ type: 'compare', key: bytesOf(key), version })
    return answer.type === 'truth' && answer.isTrue
  }

  /** All of them or none: false where a version is not the one expected. */
  async swap(
    changes: readonly (Omit<SwapChange, 'key'> & { readonly key: Key })[],
    options: Pick<WriteOptions, 'durability'> = {},
  ): Promise<boolean> {
    const wanted = changes.map((change) => ({ ...change, key: bytesOf(change.key) }))
    const answer = await this.#ask({ type: 'swap', changes: wanted, ...options })
    return answer.type === 'done'
  }

  /** Resolves when everything acknowledged before is durable. */
  async flush(): Promise<void> {
    await this.#ask({ type: 'flush' })
  }

  /** Reads all of an object again. False where there is none. @throws PotluckError CORRUPT */
  async verify(key: Key): Promise<boolean> {
    return (await this.#ask({ type: 'verify', key: bytesOf(key) })).type === 'done'
  }

  async stat(key: Key): Promise<Extract<Answer, { type: 'stat' }> | undefined> {
    const answer = await this.#ask({ type: 'stat', key: bytesOf(key) })
    return answer.type === 'stat' ? answer : undefined
  }

  async statAll(): Promise<readonly ShardStat[]> {
    const answer = await this.#ask({ type: 'statAll' })
    return answer.type === 'shards' ? answer.shards : []
  }

  /** Every key with the prefix, in no order. */
  async *list(prefix: Key = ''): AsyncGenerator<{ key: ObjectKey; version: number }> {
    let after: number | undefined
    do {
      const asked: Operation = { type: 'list', prefix: bytesOf(prefix), after, most: 512 }
      const answer = await this.#ask(asked)
      if (answer.type !== 'page') return
      yield* answer.keys
      after = answer.next
    } while (after !== undefined)
  }

  async #writeParts(
    key: ObjectKey,
    parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: WriteOptions,
  ): Promise<number> {
    const begun = await this.#ask({ type: 'begin', key })
    if (begun.type !== 'stream') throw unexpected(begun)
    const { stream } = begun
    try {
      for await (const part of parts) {
        for (let from = 0; from < part.length; from += PART_BYTES) {
          const bytes = part.subarray(from, from + PART_BYTES)
          await this.#ask({ type: 'part', key, stream, bytes })
        }
      }
    } catch (error) {
      await this.#ask({ type: 'abandon', key, stream }).catch(() => {})
      throw error
    }
    return versionOf(await this.#ask({ type: 'finish', key, stream, options }))
  }

  async #ask(operation: Operation): Promise<Answer> {
    const place = 'key' in operation ? shardOf(operation.key, this.#connections.length) : 0
    const answer = await this.#connection(place).perform(operation)
    // What a swap says of it is an answer, not a failure.
    if (answer.type === 'mismatch' && operation.type !== 'swap') {
      throw new MismatchError(answer.version)
    }
    return answer
  }

  #connection(shard: number): ClientConnection {
    const found = this.#connections[shard]
    if (found !== undefined) return found
    const made = new ClientConnection(socketOf(this.#socket, shard))
    this.#connections[shard] = made
    return made
  }
}

export function bytesOf(key: Key): Uint8Array {
  if (typeof key === 'string') return Buffer.from(key)
  if (typeof key !== 'bigint') return key
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(key)
  return bytes
}

function versionOf(answer: Answer): number {
  if (answer.type !== 'done') throw unexpected(answer)
  return answer.version
}

function unexpected({ type }: Answer): PotluckError {
  return new PotluckError('MALFORMED', `the store gave an answer that does not fit: ${type}`)
}
