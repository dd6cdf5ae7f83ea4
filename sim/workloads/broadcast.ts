// One file of so many bytes, read from its start to its end by every node: model weights, a container
// image. The bound is T* = (F/u)(1 + ⌊log2 N⌋/M).
//
// The rooms beside it are the other workloads: each a function of named parameters, with defaults that
// say where they come from. A workload must draw nothing but from the random of its process, or of
// its own name: the same tree and the same steps for every way that runs it.
import type { Step, Workload } from '../program/workload.ts'

export type BroadcastShape = {
  readonly bytes: number
  /** What one read of the program asks for. */
  readonly readBytes: number
}

export const DEFAULT_BROADCAST: BroadcastShape = { bytes: 2 ** 30, readBytes: 4 * 2 ** 20 }

const PATH = 'weights/model.safetensors'

export function broadcast(init: Partial<BroadcastShape> = {}): Workload {
  const { bytes, readBytes } = { ...DEFAULT_BROADCAST, ...init }
  const reads = Array.from({ length: Math.ceil(bytes / readBytes) }, (_, i): Step => {
    const from = i * readBytes
    return { kind: 'read', path: PATH, from, length: Math.min(readBytes, bytes - from) }
  })
  return {
    name: 'broadcast',
    description: `one file of ${bytes} bytes, read in order by one process of each node`,
    build: (tree) => void tree.makeFile(PATH, { size: bytes }),
    processesANode: 1,
    steps: () => reads,
    bytesANode: bytes,
    filesANode: 1,
    stepsAProcess: reads.length,
  }
}
