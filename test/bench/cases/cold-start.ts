// (e) From the first spawn to the last of 8 peers that is ready: all started at once, they find each
// other through a rendezvous directory, and each has its mount.
import { ready, startBenchPeer, stop } from '../peers.ts'
import type { Row, Sample } from '../report.ts'
import { writeSmallFiles, type Bench } from '../stage.ts'

const PEERS = 8

export async function measureColdStart(bench: Bench): Promise<readonly Row[]> {
  const source = bench.workspace.makeDirectory('source-start')
  writeSmallFiles(source, 1)
  const samples: Sample[] = []
  for (let repeat = 0; repeat < bench.repeats; repeat++) {
    samples.push({ ours: await startOnce(bench, source, `start-${repeat}`) })
    bench.say(`  ${samples.at(-1)?.ours.toFixed(2)} s`)
  }
  const what = `${PEERS} peers from nothing to ready`
  return [{ case: 'e', what, unit: 's', aim: '<= 3', samples }]
}

async function startOnce(bench: Bench, source: string, mesh: string): Promise<number> {
  const from = performance.now()
  const init = { mesh, source, isMounted: true }
  const peers = Array.from({ length: PEERS }, () => startBenchPeer(bench.workspace, init))
  try {
    await ready(peers, bench.signal)
    return (performance.now() - from) / 1000
  } finally {
    await stop(peers)
  }
}
