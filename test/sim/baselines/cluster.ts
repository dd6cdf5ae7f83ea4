// A world that was made but not started, and programs on it, for tests of baselines.
import type { SimTree } from '../../../sim/storage/tree.ts'
import type { Baseline } from '../../../sim/baselines/cluster.ts'
import type { Access } from '../../../sim/program/workload.ts'
import { World, type WorldInit } from '../../../sim/world.ts'

export type Bench = {
  readonly world: World
  readonly accesses: readonly Access[]
  /** Runs one program on every node at once. */
  readonly all: <T>(program: (access: Access, index: number) => Promise<T>) => Promise<T[]>
}

/** 2 ms a call, nothing else on the storage costs time; a network without costs but distance. */
const STEADY: Pick<WorldInit, 'storage' | 'network'> = {
  storage: { latencyMs: 2, latencySpread: 0, metadataPerSecond: Infinity, bytesPerMs: Infinity },
  network: { cpuMessageMs: 0, cpuByteMs: 0, rackLatencyMs: 0.1, zoneLatencyMs: 0.1 },
}

export function bench(
  way: Baseline,
  init: Partial<WorldInit> & { readonly nodes: number; readonly tree: (tree: SimTree) => void },
): Bench {
  const world = new World({ seed: 1, ...STEADY, ...init })
  const accesses = way(world)
  const all = <T>(program: (access: Access, index: number) => Promise<T>) =>
    world.run(() => Promise.all(accesses.map(program)))
  return { world, accesses, all }
}

export const lengthOf = (slices: readonly Uint8Array[]) =>
  slices.reduce((sum, slice) => sum + slice.length, 0)
