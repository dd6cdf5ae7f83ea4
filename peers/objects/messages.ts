// What threads of the object store say to one another. Each shard is a thread that owns its file,
// its index and a socket; they talk only where an operation concerns several of them, or came to the
// wrong one. They share no memory, and there is nothing to lock.
import type { MessagePort } from 'node:worker_threads'
import type { LogLevel } from '../../src/base/log.ts'
import type { Answer, ShardOperation } from '../../src/objects/operation.ts'

export type ShardInit = {
  readonly shard: number
  readonly shards: number
  readonly directory: string
  /** Of this shard's file. */
  readonly sizeBytes: number
  readonly socket: string
  /** To the other shards' threads, by shard; undefined at its own place. */
  readonly ports: readonly (MessagePort | undefined)[]
}

export type ToShard =
  /** All shards are open: end what a crash interrupted. Said to the first one alone. */
  { readonly type: 'recover' } | { readonly type: 'serve' } | { readonly type: 'stop' }

export type FromShard =
  | { readonly type: 'opened'; readonly report: string }
  | { readonly type: 'recovered' | 'serving' | 'stopped' }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  | {
      readonly type: 'log'
      readonly level: LogLevel
      readonly message: string
      readonly fields: string
    }

/** Between two shards. */
export type Ask = { readonly id: number; readonly operation: ShardOperation }
export type Reply = {
  readonly id: number
  readonly answer?: Answer
  readonly failure?: { readonly code: string; readonly message: string }
}

/** The socket of a shard: the first one's has the name that users know. */
export function socketOf(socket: string, shard: number): string {
  return shard === 0 ? socket : `${socket}.${shard}`
}

/** Bytes of their own for everything inside: a view would be sent with all of its buffer. */
export function detached<T>(value: T): T {
  if (value instanceof Uint8Array) return Uint8Array.from(value) as T
  if (Array.isArray(value)) return value.map((each: unknown) => detached(each)) as T
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, field]) => [name, detached(field)] as const)
  return Object.fromEntries(entries) as T
}
