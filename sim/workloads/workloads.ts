// The workloads by name, made with a run's parameters.
import type { Parameters } from '../parameters/parameters.ts'
import type { Workload } from '../program/workload.ts'
import { broadcast } from './broadcast.ts'
import { dataset } from './dataset.ts'
import { importing } from './import.ts'

export const WORKLOADS = ['import', 'broadcast', 'dataset'] as const
export type WorkloadName = (typeof WORKLOADS)[number]

/** @param nodes how many nodes will run it */
export function makeWorkload(name: WorkloadName, nodes: number, parameters: Parameters): Workload {
  if (name === 'import') return importing(parameters.import)
  if (name === 'broadcast') return broadcast(parameters.broadcast)
  return dataset(nodes, parameters.dataset)
}
