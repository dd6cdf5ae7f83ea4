// What a store may have in memory and on disk, however long it runs: while it works, and a little
// later, when nobody asks anything of it. And that nothing grows from one hour to the next, where no
// limit can be named.
import type { Layout } from '../../src/log/format/layout.ts'
import { mostOf, namesOf, type Sample, type SampleName } from './sample.ts'

export type Limits = Partial<Readonly<Record<SampleName, number>>>

export type LimitsInit = {
  readonly shards: number
  readonly layout: Layout
  readonly clients: number
  /** That the index may lead to. */
  readonly records: number
}

const MIB = 2 ** 20
/** README: 9 to 10 bytes a record; segments that were split are half empty. */
const INDEX_BYTES_A_RECORD = 16
const LEAST_INDEX_BYTES = 65_536
/** What waits to be written, and a batch of each stream more. */
const PENDING_BYTES = 16 * MIB
const IDLE_BYTES = 4 * MIB
/** Two that are written to, and two whose summary is on its way: 32 bytes for 64 at least. */
const ZONES_IN_MEMORY = 4
/** The sync, collection, a batch, fading counters. */
const TIMERS = 4
/** Each operation may ask all shards, and one at a shard may wait for another. */
const TIMERS_A_CLIENT = 8
/** Large objects that were replaced since the last round. */
const DOOMED_A_CLIENT = 64

/** While it works. */
export function limitsAtWork(init: LimitsInit): Limits {
  const { shards, layout, clients } = init
  const entryBytes = (shards * ZONES_IN_MEMORY * layout.zoneBytes) / 2
  return {
    openFiles: shards,
    diskBytes: shards * layout.sizeBytes,
    timers: shards * TIMERS + clients * TIMERS_A_CLIENT,
    pendingBytes: shards * PENDING_BYTES,
    idleBytes: shards * IDLE_BYTES,
    entryBytes,
    waiting: clients * 4,
    streams: clients,
    doomed: clients * DOOMED_A_CLIENT,
    locked: clients * 4,
    prepared: clients * shards,
    queues: clients,
  }
}

/** When nobody has asked anything for a while. */
export function limitsAtRest(init: LimitsInit): Limits {
  const { shards, records } = init
  const none = { waiting: 0, streams: 0, doomed: 0, locked: 0, prepared: 0, queues: 0 }
  return {
    ...limitsAtWork(init),
    ...none,
    timers: shards * TIMERS,
    pendingBytes: shards * MIB,
    records,
    indexBytes: records * INDEX_BYTES_A_RECORD + shards * LEAST_INDEX_BYTES,
  }
}

/** What is above its limit, in words. */
export function excess(sample: Sample, limits: Limits): string[] {
  return namesOf(limits)
    .filter((name) => sample[name] > (limits[name] ?? Infinity))
    .map((name) => `${name} ${sample[name]}, ${limits[name]} is the most`)
}

/** Fewer samples than this say nothing about growth. */
const LEAST_SAMPLES = 6
/** From the first third to the last. */
const MOST_GROWTH = 1.25
const GROWING: Limits = { records: 200, indexBytes: 65_536, diskBytes: MIB, heapBytes: 8 * MIB }

/** What grew, in words: the most of the last third against the most of the first. */
export function growth(samples: readonly Sample[]): string[] {
  if (samples.length < LEAST_SAMPLES) return []
  const third = Math.floor(samples.length / 3)
  const [before, after] = [mostOf(samples.slice(0, third)), mostOf(samples.slice(-third))]
  return namesOf(GROWING)
    .filter((name) => after[name] > before[name] * MOST_GROWTH + (GROWING[name] ?? 0))
    .map((name) => `${name} grew from ${before[name]} to ${after[name]}`)
}
