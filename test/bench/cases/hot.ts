// (a) What the kernel has kept, read again through the mount and from tmpfs. The source of the peer
// is that tmpfs, so both paths lead to the same bytes.
import path from 'node:path'
import type { Job, Operation } from '../client.ts'
import { ready, requestsOf, startBenchPeer, stop } from '../peers.ts'
import type { BenchPeer } from '../peers.ts'
import type { Row, Sample } from '../report.ts'
import { inTurn, writeLargeFile, writeSmallFiles, type Bench } from '../stage.ts'

const FILES = 1000
const LARGE_PIECES = 256
const SECONDS = 0.4

export type HotRead = {
  readonly operation: Operation
  readonly what: string
  readonly unit: string
  readonly target: string
  readonly count: number
  readonly aim?: string
}

/** The aim is for reads out of the page cache; the others ask the peer, or walk the path. */
const HOT_READS: readonly HotRead[] = [
  { operation: 'stat', what: 'stat', unit: '/s', target: 'small', count: FILES },
  {
    operation: 'open',
    what: 'open + read 4 KiB + close',
    unit: '/s',
    target: 'small',
    count: FILES,
  },
  {
    operation: 'pread',
    what: 'read 4 KiB of the page cache',
    unit: '/s',
    target: 'large',
    count: LARGE_PIECES * 256,
    aim: '>= 0.95',
  },
  {
    operation: 'scan',
    what: '1 MiB sequential of the page cache',
    unit: 'MiB/s',
    target: 'large',
    count: LARGE_PIECES,
    aim: '>= 0.95',
  },
]

export async function measureHot(bench: Bench): Promise<readonly Row[]> {
  const source = bench.workspace.makeDirectory('source-hot')
  writeSmallFiles(path.join(source, 'small'), FILES)
  writeLargeFile(path.join(source, 'large'), LARGE_PIECES)
  const peer = startBenchPeer(bench.workspace, { mesh: 'hot', source, isMounted: true })
  try {
    await ready([peer], bench.signal)
    const rows: Row[] = []
    for (const read of HOT_READS) rows.push(await measureRead(bench, { peer, source, read }))
    return rows
  } finally {
    await stop([peer])
  }
}

type Places = { readonly peer: BenchPeer; readonly source: string; readonly read: HotRead }

async function measureRead(bench: Bench, { peer, source, read }: Places): Promise<Row> {
  const { operation, count, what, unit, aim } = read
  const rate = (directory: string, seconds: number): Promise<number> => {
    const job: Job = { operation, target: path.join(directory, read.target), count, seconds }
    return bench.client.run(job, bench.signal)
  }
  const mounted = peer.mountPoint ?? ''
  await rate(mounted, 0)
  const samples: Sample[] = []
  let [requests, operations] = [0, 0]
  for (let repeat = 0; repeat < bench.repeats; repeat++) {
    const before = await requestsOf(peer)
    const [ours, against] = await inTurn(
      repeat,
      () => rate(mounted, SECONDS),
      () => rate(source, SECONDS),
    )
    requests += (await requestsOf(peer)) - before
    operations += ours * SECONDS
    samples.push({ ours, against, ratio: ours / against })
  }
  const note = `${(requests / operations).toFixed(2)} FUSE requests each`
  const aims = aim === undefined ? {} : { aim }
  return { case: 'a', what, unit, ratioOf: 'of tmpfs', note, samples, ...aims }
}
