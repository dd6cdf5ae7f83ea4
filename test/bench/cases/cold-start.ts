// (e) From the first spawn to the last of 8 peers that is ready: all started at once, they find each
// other through a rendezvous directory, and each has its mount. Seconds are those of a machine that
// others may be using; the CPU seconds of the peers until then say what it takes.
import { cpuSeconds, ready, startBenchPeer, stop } from '../peers.ts'
import type { Row, Sample } from '../report.ts'
import { writeSmallFiles, type Bench } from '../stage.ts'

const PEERS = 8

type Start = { readonly seconds: number; readonly cpuSeconds: number }

export async function measureColdStart(bench: Bench): Promise<readonly Row[]> {
  const source = bench.workspace.makeDirectory('source-start')
  writeSmallFiles(source, 1)
  const seconds: Sample[] = []
  const cpu: Sample[] = []
  for (let repeat = 0; repeat < bench.repeats; repeat++) {
    const start = await startOnce(bench, source, `start-${repeat}`)
    bench.say(`  ${start.seconds.toFixed(2)} s, ${start.cpuSeconds.toFixed(2)} CPU-s`)
    seconds.push({ ours: start.seconds })
    cpu.push({ ours: start.cpuSeconds })
  }
  const what = `${PEERS} peers from nothing to ready`
  return [
    { case: 'e', what, unit: 's', aim: '<= 3', samples: seconds },
    { case: 'e', what: `CPU of ${PEERS} peers until then`, unit: 'CPU-s', samples: cpu },
  ]
}

async function startOnce(bench: Bench, source: string, mesh: string): Promise<Start> {
  const from = performance.now()
  const init = { mesh, source, isMounted: true }
  const peers = Array.from({ length: PEERS }, () => startBenchPeer(bench.workspace, init))
  try {
    await ready(peers, bench.signal)
    return { seconds: (performance.now() - from) / 1000, cpuSeconds: cpuSeconds(peers) }
  } finally {
    await stop(peers)
  }
}
