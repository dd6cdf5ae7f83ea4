// (b) 256 MiB that one other peer holds: through the network room alone, and end to end, by a
// program at the mount of a peer that has nothing yet and no source. Held against a bare socket in
// bytes per CPU second of both ends; the reading program's own CPU is counted nowhere.
import path from 'node:path'
import { BULK, measureApart, type Measured } from '../network.ts'
import {
  cpuSeconds,
  ready,
  sourceReads,
  startBenchPeer,
  stop,
  VOLUME,
  type BenchPeer,
} from '../peers.ts'
import type { Row, Sample } from '../report.ts'
import { writeLargeFile, type Bench } from '../stage.ts'

const PIECES = 256
/** Read first: a process that has just started still compiles what it runs. */
const FIRST_PIECES = 256
const PIECE = 1024 * 1024
/** What a read of all pieces fills: the page cache, the shard, and buffers on the way. */
const TOUCHED_MIB = 3 * PIECES
const LOAD = { ...BULK, requests: PIECES }
const SECURED = ['plaintext', 'tls'] as const
const AIMS = { plaintext: '>= 0.7', tls: '>= 0.25' } as const

type Security = (typeof SECURED)[number]
type Speed = { readonly megabytesPerSecond: number; readonly cpuSecondsPerGigabyte: number }
type Way = { readonly what: string; readonly security: Security; readonly samples: SpeedSample[] }
type SpeedSample = { readonly ours: Speed; readonly raw: Measured }

export async function measureBulk(bench: Bench): Promise<readonly Row[]> {
  const source = bench.workspace.makeDirectory('source-bulk')
  writeLargeFile(path.join(source, 'first'), FIRST_PIECES)
  writeLargeFile(path.join(source, 'large'), PIECES)
  const holders: BenchPeer[] = []
  try {
    const ways: Way[] = []
    for (const security of SECURED) {
      const holder = await startHolder(bench, source, security)
      holders.push(holder)
      ways.push(
        { what: 'network', security, samples: [] },
        { what: 'mount', security, samples: [] },
      )
    }
    for (let repeat = 0; repeat < bench.repeats; repeat++) await measureOnce(bench, ways, holders)
    return ways.flatMap(rowsOf)
  } finally {
    await stop(holders)
  }
}

/** Warm before anyone else is there: it alone then has what is asked for. */
async function startHolder(bench: Bench, source: string, security: Security): Promise<BenchPeer> {
  const init = { mesh: `bulk-${security}`, source, isPlaintext: security === 'plaintext' }
  const holder = startBenchPeer(bench.workspace, init)
  try {
    await ready([holder], bench.signal)
    await holder.client.warm(VOLUME, [''], { signal: bench.signal })
    return holder
  } catch (error) {
    await stop([holder])
    throw error
  }
}

async function measureOnce(
  bench: Bench,
  ways: readonly Way[],
  holders: readonly BenchPeer[],
): Promise<void> {
  const raw = await measureApart('raw', LOAD, bench.signal)
  for (const { what, security, samples } of ways) {
    const holder = holders[SECURED.indexOf(security)]
    const ours =
      what === 'network' || holder === undefined
        ? await measureApart(security, LOAD, bench.signal)
        : await readThroughMount(bench, holder, security)
    samples.push({ ours, raw })
    bench.say(`  ${what}, ${security}: ${ours.megabytesPerSecond.toFixed(0)} MB/s`)
  }
}

async function readThroughMount(
  bench: Bench,
  holder: BenchPeer,
  security: Security,
): Promise<Speed> {
  const { client, signal, workspace } = bench
  const isPlaintext = security === 'plaintext'
  const reader = startBenchPeer(workspace, {
    mesh: `bulk-${security}`,
    isMounted: true,
    isPlaintext,
  })
  const both = [holder, reader]
  try {
    await ready(both, signal)
    const scan = (file: string, count: number): Promise<number> => {
      const target = path.join(reader.mountPoint ?? '', file)
      return client.run({ operation: 'scan', target, count, seconds: 0 }, signal)
    }
    await scan('first', FIRST_PIECES)
    // A virtual machine's host takes free memory away, and 10 us or so to give a page of it back: that
    // is neither the peer's cost nor the bare socket's, which uses the same memory again and again.
    await client.run({ operation: 'touch', target: '.', count: TOUCHED_MIB, seconds: 0 }, signal)
    const readsBefore = await sourceReads(holder)
    const cpuBefore = cpuSeconds(both)
    const rate = await scan('large', PIECES)
    const cpu = cpuSeconds(both) - cpuBefore
    const reads = (await sourceReads(holder)) - readsBefore
    if (reads > 0) bench.say(`  ${reads} reads of the source: the holder had not kept all`)
    return {
      megabytesPerSecond: (rate * PIECE) / 1e6,
      cpuSecondsPerGigabyte: (cpu * 1e9) / (PIECES * PIECE),
    }
  } finally {
    await stop([reader])
  }
}

function rowsOf({ what, security, samples }: Way): readonly Row[] {
  const named = { case: 'b', what: `${what}, ${security}` }
  const speeds = samples.map(({ ours, raw }): Sample => {
    const [mine, bare] = [ours.megabytesPerSecond, raw.megabytesPerSecond]
    return { ours: mine, against: bare, ratio: mine / bare }
  })
  const costs = samples.map(({ ours, raw }): Sample => {
    const [mine, bare] = [ours.cpuSecondsPerGigabyte, raw.cpuSecondsPerGigabyte]
    return { ours: mine, against: bare, ratio: bare / mine }
  })
  return [
    { ...named, unit: 'MB/s', ratioOf: 'of raw', samples: speeds },
    {
      ...named,
      unit: 'CPU-s/GB',
      ratioOf: 'bytes per CPU-s, of raw',
      aim: AIMS[security],
      samples: costs,
    },
  ]
}
