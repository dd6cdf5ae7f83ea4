// A run as plain values, which a process can hand to another and a report can keep: names and settings,
// and no functions. `experimentOf` makes the experiment that they mean.
import { PotluckError } from '../src/base/errors.ts'
import type { ExperimentInit } from './experiment.ts'
import { parseFaults } from './faults/parse-faults.ts'
import { type Parameters, worldOf } from './parameters/parameters.ts'
import { setParameters } from './parameters/settings.ts'
import type { Workload } from './program/workload.ts'
import { wayNamed } from './ways.ts'
import { replay } from './workloads/replay.ts'
import { decodeTrace } from './workloads/trace/trace.ts'
import { makeWorkload, WORKLOADS } from './workloads/workloads.ts'

export type RunPlan = {
  readonly seed: string
  readonly nodes: number
  /** One of `WORKLOADS`, or `replay`. */
  readonly workload: string
  readonly way: string
  /** `group.name=value` each. */
  readonly settings: readonly string[]
  /** As `--faults` takes it; baselines run without. */
  readonly faults: string
}

/**
 * @param traceLines of a recorded trace, for `replay`
 * @throws RangeError, PotluckError that says what of the plan is wrong
 */
export function experimentOf(plan: RunPlan, traceLines?: Iterable<string>): ExperimentInit {
  const parameters = setParameters(plan.settings)
  const { seed, nodes } = plan
  const way = wayNamed(plan.way)
  const workload = workloadOf(plan, parameters, traceLines)
  const { jitterMs } = parameters.run
  const init = { seed, nodes, workload, way, world: worldOf(parameters), jitterMs }
  if (plan.faults === 'none' || way.name !== 'mesh') return init
  return { ...init, faults: parseFaults(plan.faults) }
}

function workloadOf(
  { workload, nodes }: RunPlan,
  parameters: Parameters,
  traceLines: Iterable<string> | undefined,
): Workload {
  if (workload === 'replay') {
    if (traceLines === undefined) throw new PotluckError('EINVAL', 'replay needs a trace')
    return replay(decodeTrace(traceLines), parameters.replay)
  }
  const name = WORKLOADS.find((each) => each === workload)
  if (name !== undefined) return makeWorkload(name, nodes, parameters)
  throw new RangeError(`'${workload}' is no workload; there are ${WORKLOADS.join(', ')}, replay`)
}

/** The same plan without the settings that say nothing. */
export function describePlan({ seed, nodes, workload, way, settings, faults }: RunPlan): string {
  const set = settings.map((setting) => ` --set ${setting}`).join('')
  const befall = faults === 'none' ? '' : ` --faults ${faults}`
  return `--workload ${workload} --nodes ${nodes} --seed ${seed} --ways ${way}${befall}${set}`
}
