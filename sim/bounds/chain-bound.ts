// The latency-chain bound: a start-up opens one file after another, and can't open the next one
// before it has had the bytes of this one and thought about them.
import type { NetworkCosts } from '../network/costs.ts'
import type { Step, Workload } from '../program/workload.ts'
import type { SeededRandom } from '../engine/seeded-random.ts'
import type { StorageCosts } from '../storage/storage.ts'

export type ChainBound = {
  /** A process's own work, where all it asks for is answered at once. */
  readonly thinkMs: number
  /** The calls that have to wait for a neighbour, one after another. */
  readonly hopsMs: number
  /** Their bytes through the node's line, or its thread where that is slower. */
  readonly bytesMs: number
  /** What the storage needs to hand out everything once, however many nodes there are. */
  readonly storageMs: number
  /** The least time for any node: `max(thinkMs + hopsMs + bytesMs, storageMs)`. */
  readonly boundMs: number
}

export type ChainBoundInit = {
  readonly workload: Workload
  readonly network: Pick<
    NetworkCosts,
    'rackLatencyMs' | 'cpuMessageMs' | 'cpuByteMs' | 'downBytesPerMs'
  >
  readonly storage: Pick<StorageCosts, 'bytesPerMs' | 'metadataPerSecond'>
  readonly random: SeededRandom
}

/**
 * max(Σ think + n · (2 · latency + 2 · CPU of a message) + B · max(1/line, CPU of a byte), storage once),
 * with n the distinct files and directories of one process's steps, B their distinct bytes.
 *
 * It assumes that every byte is one hop away in the same rack when it is asked for, on an idle peer;
 * that nothing is known ahead, so that each file costs its own round trip; that all names of a
 * directory come with one answer; that a node's processes go in step, so that one of them waits and the
 * others find it cached; and that the storage works in parallel with all that, at full speed and
 * without latency. Who knows what comes next, or finds several files in one answer, may go below it.
 */
export function chainBound({ workload, network, storage, random }: ChainBoundInit): ChainBound {
  const { rackLatencyMs, cpuMessageMs, cpuByteMs, downBytesPerMs } = network
  const { thinkMs, files, directories } = countSteps(workload, random)
  const hopMs = 2 * rackLatencyMs + 2 * cpuMessageMs
  const hopsMs = (files + directories) * hopMs
  const bytesMs = workload.bytesANode * Math.max(1 / downBytesPerMs, cpuByteMs)
  const operations = files + directories
  const storageMs = Math.max(
    workload.bytesANode / storage.bytesPerMs,
    (operations * 1000) / storage.metadataPerSecond,
  )
  const boundMs = Math.max(thinkMs + hopsMs + bytesMs, storageMs)
  return { thinkMs, hopsMs, bytesMs, storageMs, boundMs }
}

function countSteps(workload: Workload, random: SeededRandom) {
  const files = new Set<string>()
  const directories = new Set<string>()
  let thinkMs = 0
  for (const step of workload.steps({ node: 0, index: 0, random })) {
    if (step.kind === 'think') thinkMs += step.ms
    else {
      directories.add(directoryOf(step))
      if (step.kind === 'read') files.add(step.path)
    }
  }
  return { thinkMs, files: files.size, directories: directories.size }
}

function directoryOf({ kind, path }: Exclude<Step, { kind: 'think' }>): string {
  return kind === 'list' ? path : path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
