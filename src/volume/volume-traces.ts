import type { Clock } from '../ports/clock.ts'
import type { Programs } from '../ports/programs.ts'
import type { Counters } from '../base/counters.ts'
import type { Prefetches } from '../heat/prefetches.ts'
import type { Trace } from '../heat/trace.ts'
import { Traces } from '../heat/traces.ts'
import { TreeAhead, type TreeAheadInit } from './tree-ahead.ts'

/** Under way for a trace at a time, at most. */
const FLIGHT_BYTES = 32 * 1024 * 1024
/** Of the RAM, for what was brought and is not yet read; and for what is under way. */
const UNREAD_SHARE = 1 / 4
const FLIGHT_SHARE = 1 / 16

export type VolumeTracesInit = TreeAheadInit & {
  readonly clock: Clock
  readonly counters: Counters
  readonly programs: Programs | undefined
  readonly prefetches: Prefetches
  readonly ramBytes: number
  /** Known from before. */
  readonly known: readonly Trace[]
  readonly onLearned: (trace: Trace) => void
}

/** A volume's traces, over its tree. */
export function tracesOver(init: VolumeTracesInit): Traces {
  const { ramBytes } = init
  const traces = new Traces({
    ...init,
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
