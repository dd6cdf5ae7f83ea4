import type { ShardHeld } from '../../src/objects/object-shard.ts'
import type { ShardStat } from '../../src/objects/operation.ts'
import type { SimulatedStore } from '../crash/simulated-store.ts'

/** What a store has at one moment, all shards together. */
export type Sample = ShardHeld & {
  readonly openFiles: number
  /** That are set. */
  readonly timers: number
  /** Allocated. */
  readonly diskBytes: number
  readonly records: number
  readonly indexBytes: number
  readonly liveBytes: number
  /** Of this whole process, after a collection of garbage; 0 where nobody measures it. */
  readonly heapBytes: number
}

export type SampleName = keyof Sample

export function sampleOf(
  it: SimulatedStore,
  shards: readonly ShardStat[],
  heapBytes: number,
): Sample {
  const held = it.held()
  return {
    pendingBytes: sum(held, 'pendingBytes'),
    idleBytes: sum(held, 'idleBytes'),
    entryBytes: sum(held, 'entryBytes'),
    waiting: sum(held, 'waiting'),
    streams: sum(held, 'streams'),
    doomed: sum(held, 'doomed'),
    locked: sum(held, 'locked'),
    prepared: sum(held, 'prepared'),
    queues: sum(held, 'queues'),
    openFiles: it.disks.reduce((total, { openFiles }) => total + openFiles, 0),
    timers: it.life.timers,
    diskBytes: it.disks.reduce((total, { allocatedBytes }) => total + allocatedBytes, 0),
    records: sum(shards, 'records'),
    indexBytes: sum(shards, 'indexBytes'),
    liveBytes: sum(shards, 'liveBytes'),
    heapBytes,
  }
}

/** Of each number, the highest. */
export function mostOf(samples: readonly Sample[]): Sample {
  const [first, ...others] = samples
  if (first === undefined) throw new RangeError('no samples')
  const most: Record<SampleName, number> = { ...first }
  for (const sample of others) {
    for (const name of namesOf(sample)) most[name] = Math.max(most[name], sample[name])
  }
  return most
}

export function namesOf(sample: Partial<Sample>): SampleName[] {
  return Object.keys(sample) as SampleName[]
}

function sum<Name extends string>(all: readonly Record<Name, number>[], name: Name): number {
  return all.reduce((total, one) => total + one[name], 0)
}
