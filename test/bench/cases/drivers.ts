// (d) The fuse-native driver and our own, on the same tree: first when the kernel has asked for
// nothing yet and the peer has everything, then again. Each repeat has files of its own, since what
// the kernel has kept is not to be taken away from the whole machine.
import path from 'node:path'
import { loadNative } from '../../../fuse/native/library.ts'
import type { Operation } from '../client.ts'
import { ready, startBenchPeer, stop, VOLUME, type BenchPeer } from '../peers.ts'
import type { Row, Sample } from '../report.ts'
import { inTurn, writeLargeFile, writeSmallFiles, type Bench } from '../stage.ts'

const FILES = 1000
const PIECES = 64

type DriverRead = {
  readonly operation: Operation
  readonly what: string
  readonly unit: string
  /** What the numbers of repeats are put behind. */
  readonly target: string
  readonly count: number
}

// In this order: a stat is the first thing that happens to a name, an open to a file.
const READS: readonly DriverRead[] = [
  { operation: 'stat', what: 'stat', unit: '/s', target: 'small', count: FILES },
  {
    operation: 'open',
    what: 'open + read 4 KiB + close',
    unit: '/s',
    target: 'small',
    count: FILES,
  },
  {
    operation: 'scan',
    what: '1 MiB sequential',
    unit: 'MiB/s',
    target: 'large',
    count: PIECES,
  },
]
const STATES = ['first', 'again'] as const

export async function measureDrivers(bench: Bench): Promise<readonly Row[]> {
  loadNative()
  const source = bench.workspace.makeDirectory('source-drivers')
  for (let repeat = 0; repeat < bench.repeats; repeat++) {
    writeSmallFiles(path.join(source, `small-${repeat}`), FILES)
    writeLargeFile(path.join(source, `large-${repeat}`), PIECES)
  }
  const start = (driver: 'kernel' | 'fuse-native') =>
    startBenchPeer(bench.workspace, { mesh: driver, source, isMounted: true, driver })
  const [own, native] = [start('kernel'), start('fuse-native')]
  try {
    for (const peer of [own, native]) {
      await ready([peer], bench.signal)
      await peer.client.warm(VOLUME, [''], { signal: bench.signal })
    }
    return await measureReads(bench, own, native)
  } finally {
    await stop([own, native])
  }
}

async function measureReads(bench: Bench, own: BenchPeer, native: BenchPeer): Promise<Row[]> {
  const rows = READS.flatMap((read) =>
    STATES.map((state) => ({ read, state, row: rowOf(read, state) })),
  )
  for (let repeat = 0; repeat < bench.repeats; repeat++) {
    for (const { read, row } of rows) {
      const { operation, count } = read
      const rate = ({ mountPoint = '' }: BenchPeer): Promise<number> => {
        const target = path.join(mountPoint, `${read.target}-${repeat}`)
        return bench.client.run({ operation, target, count, seconds: 0 }, bench.signal)
      }
      const [ours, against] = await inTurn(
        repeat,
        () => rate(own),
        () => rate(native),
      )
      row.samples.push({ ours, against, ratio: against / ours })
    }
  }
  return rows.map(({ row }) => row)
}

function rowOf(read: DriverRead, state: string): Row & { readonly samples: Sample[] } {
  const ratioOf = 'fuse-native / own'
  return { case: 'd', what: `${read.what}, ${state}`, unit: read.unit, ratioOf, samples: [] }
}
