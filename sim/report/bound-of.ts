import { broadcastBoundMs } from '../bounds/broadcast-bound.ts'
import { chainBound } from '../bounds/chain-bound.ts'
import { SeededRandom } from '../engine/seeded-random.ts'
import { setParameters } from '../parameters/settings.ts'
import type { RunPlan } from '../plan.ts'
import { makeWorkload, WORKLOADS } from '../workloads/workloads.ts'

export type Bound = {
  readonly ms: number
  /** What it is, for a legend. */
  readonly name: string
}

/** The bound of a run's workload at its costs; undefined for a trace, which the plan does not hold. */
export function boundOf({ workload, nodes, settings, seed }: RunPlan): Bound | undefined {
  const name = WORKLOADS.find((each) => each === workload)
  if (name === undefined) return undefined
  const parameters = setParameters(settings)
  const { network, storage, node } = parameters
  const made = makeWorkload(name, nodes, parameters)
  if (name === 'broadcast') {
    const { upBytesPerMs } = network
    const { blockBytes } = node
    const shape = { bytes: made.bytesANode, nodes, blockBytes, upBytesPerMs }
    return { ms: broadcastBoundMs(shape), name: 'T* = (F/u)(1 + ⌊log2 N⌋/M)' }
  }
  const random = new SeededRandom(seed).fork('bound')
  const { boundMs } = chainBound({ workload: made, network, storage, random })
  return { ms: boundMs, name: 'latency chain, every byte one hop away' }
}
