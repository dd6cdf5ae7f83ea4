// The trace of an earlier run: one node runs the workload on a quiet storage, by itself, and what its
// programs used is what the nodes of the run that counts know ahead.
import type { Trace } from '../src/heat/trace.ts'
import { mesh } from './program/way.ts'
import { WorkloadRun } from './program/run-workload.ts'
import type { Workload } from './program/workload.ts'
import { World, VOLUME, type WorldInit } from './world.ts'

export type FirstStart = {
  readonly seed: string | number
  readonly workload: Workload
  readonly world: Omit<Partial<WorldInit>, 'seed' | 'nodes' | 'tree'>
}

/** @throws PotluckError ENODATA where the workload uses nothing */
export async function recordStart({ seed, workload, world: init }: FirstStart): Promise<Trace> {
  const volume = { ...init.volume, ahead: 'trace' } as const
  const tree = workload.build.bind(workload)
  const world = new World({ ...init, volume, seed, nodes: 1, tree })
  await world.run(() => mesh.start(world))
  const traces = world.node(0).mesh.traces(VOLUME)
  // Simulated programs have no process ids: all of them are one start.
  traces.record(workload.name, { pid: 0, command: '' })
  await world.run(() => new WorkloadRun({ world, way: mesh, workload }).all())
  const trace = traces.endRecord(workload.name)
  await world.stop()
  return trace
}
