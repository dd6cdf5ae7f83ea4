import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { Programs } from '../ports/programs.ts'
import type { Counters } from '../base/counters.ts'
import type { KernelChange } from '../tree/kernel-news.ts'
import type { Prefetches } from '../heat/prefetches.ts'
import type { Trace } from '../heat/trace.ts'
import { type TraceChange, Traces } from '../heat/traces.ts'
import { TreeAhead, type TreeAheadInit } from './ahead/tree-ahead.ts'

/** Under way for a trace at a time, at most. */
const FLIGHT_BYTES = 32 * 1024 * 1024
/** Of the RAM, for what was brought and is not yet read; and for what is under way. */
const UNREAD_SHARE = 1 / 4
const FLIGHT_SHARE = 1 / 16

/** Those who saw the same start say so within this time, and so much more for each peer. */
const SPREAD_MS = 1_000
const SPREAD_PEER_MS = 20

export type VolumeTracesInit = TreeAheadInit & {
  readonly clock: Clock
  readonly counters: Counters
  readonly random: Random
  readonly peers: () => number
  readonly programs?: Programs | undefined
  readonly prefetches: Prefetches
  readonly ramBytes: number
  /** Known from before. */
  readonly known: readonly Trace[]
  readonly tellKernel: (change: KernelChange) => void
  readonly onChanged: (change: TraceChange) => void
}

/** A volume's traces, over its tree. */
export function tracesOver(init: VolumeTracesInit): Traces {
  const { ramBytes } = init
  const traces = new Traces({
    ...init,
    spreadMs: () => SPREAD_MS + SPREAD_PEER_MS * init.peers(),
    forgetKernel: () => forgetKernel(init),
    random: init.random.fork('traces'),
    ahead: () => {
      const ahead = new TreeAhead(init)
      return {
        ...init,
        resolve: (entry) => ahead.resolve(entry),
        flightBytesMax: Math.min(FLIGHT_BYTES, ramBytes * FLIGHT_SHARE),
        unreadBytesMax: ramBytes * UNREAD_SHARE,
      }
    },
  })
  for (const trace of init.known) traces.store.put(trace)
  return traces
}

function forgetKernel({ tree, tellKernel }: VolumeTracesInit): void {
  for (const { nodeid } of tree.inodes.records()) tellKernel({ type: 'inode', nodeid, data: true })
  tellKernel({ type: 'everything' })
}
