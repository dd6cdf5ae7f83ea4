import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Log } from '../../src/base/log.ts'

/**
 * What the process may have beside `--ram`: code, heap, threads and their stacks, blocks that were
 * evicted and not collected yet, and what has been freed and the C library keeps.
 */
export const BESIDE_RAM_BYTES = 256 * 1024 * 1024
/** Cleaning begins this far below, for blocks go on coming until it is looked at again. */
const MARGIN_BYTES = 112 * 1024 * 1024
/** A look costs 15 microseconds. */
const LOOK_MS = 300
/** A collection stops the node for 20 to 40 ms; where it did not help, it is not repeated at once. */
const REST_LOOKS = 8

export type MemoryInit = {
  readonly ramBytes: number
  readonly log: Log
  /** @default what this process occupies */
  readonly residentBytes?: () => number
  /** @default to collect garbage and give free memory back to the system */
  readonly clean?: () => Promise<void>
  /** @default 300 */
  readonly lookMs?: number
}

/**
 * Keeps the process within `--ram` and BESIDE_RAM_BYTES. V8 lets 64 MiB and more of dead blocks lie
 * before it collects, and the C library keeps what they leave: together half as much as many a
 * shard. Freeing at once would cost as much CPU as receiving, so this is done when it is needed.
 */
export function keepMemory(init: MemoryInit): { stop(): void } {
  const limit = init.ramBytes + BESIDE_RAM_BYTES - MARGIN_BYTES
  const residentBytes = init.residentBytes ?? (() => process.memoryUsage.rss())
  const clean = init.clean ?? cleanProcess
  let rest = 0
  const timer = setInterval(() => {
    if (rest-- > 0 || residentBytes() <= limit) return
    rest = Number.POSITIVE_INFINITY
    clean()
      .catch((error: unknown) => {
        init.log('debug', `free memory can't be given back: ${String(error)}`)
      })
      .finally(() => {
        rest = residentBytes() <= limit ? 0 : REST_LOOKS
      })
  }, init.lookMs ?? LOOK_MS)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}

let collect: (() => void) | undefined
let trim: ((keepBytes: number) => Promise<void>) | undefined

async function cleanProcess(): Promise<void> {
  collect ??= collector()
  collect()
  trim ??= await trimmer()
  await trim(0)
}

function collector(): () => void {
  setFlagsFromString('--expose-gc')
  const found = runInNewContext('gc') as () => void
  setFlagsFromString('--no-expose-gc')
  return found
}

/** malloc_trim(3) of glibc, in a thread of the pool. @throws Error where the C library has none */
async function trimmer(): Promise<(keepBytes: number) => Promise<void>> {
  const { default: koffi } = await import('koffi')
  const native = koffi.load(null).func('int malloc_trim(size_t pad)')
  return (keepBytes) =>
    new Promise((resolve, reject) => {
      native.async(keepBytes, (error: unknown) => {
        if (error === null || error === undefined) resolve()
        else reject(error instanceof Error ? error : new Error('malloc_trim failed'))
      })
    })
}
