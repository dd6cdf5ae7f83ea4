// A program that reads one mounted tree as the demo's readers do, and keeps the time of every single
// system call: what a user would see as a hang. It tells the paths it has read, so that a test
// knows how far it is, and, where it fails, with which errno.
import type { BigIntStats } from 'node:fs'
import { lstat, open, readdir, readlink } from 'node:fs/promises'
import path from 'node:path'
import {
  directoryTree,
  nodeOfStats,
  readTree,
  type Tree,
} from '../../peers/commands/demo/reading.ts'

export type TimedTask = { readonly root: string; readonly only?: readonly string[] }

export type TimedMessage =
  | { readonly type: 'progress'; readonly paths: number }
  | {
      readonly type: 'done'
      /** Path and sentence of everything read. */
      readonly sentences: readonly (readonly [string, string])[]
      readonly slow: readonly SlowCall[]
    }
  | { readonly type: 'failed'; readonly code: string }

/** A system call that took longer than most. */
export type SlowCall = {
  readonly ms: number
  /** When it ended, in milliseconds since 1970. */
  readonly endedAt: number
  readonly call: string
  readonly path: string
}

const CHUNK_BYTES = 1 << 20
const PROGRESS_EVERY = 50

const SLOW_MS = 50
const MOST_SLOW = 10_000

const slow: SlowCall[] = []

async function timed<T>(call: string, where: string, work: () => Promise<T>): Promise<T> {
  const from = performance.now()
  try {
    return await work()
  } finally {
    const ms = performance.now() - from
    const isKept = ms > SLOW_MS && slow.length < MOST_SLOW
    if (isKept) slow.push({ ms, endedAt: Date.now(), call, path: where })
  }
}

function timedTree(root: string): Tree {
  const place = (inside: string): string => path.join(root, inside)
  return {
    ...directoryTree(root),
    async children(directory) {
      const names = await timed('readdir', directory, () => readdir(place(directory)))
      return Promise.all(
        names.map(async (name) => {
          const inside = directory === '' ? name : `${directory}/${name}`
          const stat = (): Promise<BigIntStats> => lstat(place(inside), { bigint: true })
          return nodeOfStats(inside, await timed('lstat', inside, stat))
        }),
      )
    },
    bytes: (file) => timedBytes(file, place(file)),
    target: (symlink) => timed('readlink', symlink, () => readlink(place(symlink))),
  }
}

async function* timedBytes(file: string, place: string): AsyncGenerator<Uint8Array> {
  const handle = await timed('open', file, () => open(place))
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    for (;;) {
      const read = (): Promise<{ bytesRead: number }> => handle.read(buffer, 0, CHUNK_BYTES, null)
      const { bytesRead } = await timed('read', file, read)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

async function readAll({ root, only }: TimedTask): Promise<void> {
  const sentences: [string, string][] = []
  const onRead = (where: string, sentence: string): void => {
    sentences.push([where, sentence])
    if (sentences.length % PROGRESS_EVERY === 0) {
      void tell({ type: 'progress', paths: sentences.length })
    }
  }
  try {
    await readTree(timedTree(root), onRead, only)
    await tell({ type: 'done', sentences, slow })
  } catch (error) {
    await tell({ type: 'failed', code: (error as NodeJS.ErrnoException).code ?? '' })
  }
}

function tell(message: TimedMessage): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()))
}

// The thread of a file that is read must not wait for other reads: that would count as their time.
process.once('disconnect', () => process.exit(0))
process.once('message', (task: TimedTask) => void readAll(task).then(() => process.disconnect()))
