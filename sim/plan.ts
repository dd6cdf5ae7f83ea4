// A run as plain values, which a process can hand to another and a report can keep: names and settings,
// and no functions. `experimentOf` makes the experiment that they mean.
import { PotluckError } from '../src/base/errors.ts'
import type { Ahead } from '../src/node/mesh-node.ts'
import type { ExperimentInit } from './experiment.ts'
import { parseFaults } from './faults/parse-faults.ts'
import { type Parameters, worldOf } from './parameters/parameters.ts'
import { setParameters } from './parameters/settings.ts'
import { recordStart } from './first-start.ts'
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
  /** What the mesh fetches before it is asked for; `trace`: with that of an earlier run. */
  readonly ahead: Ahead
}

/** What a run knows besides its plan. */
export type PlanInput = {
  /** Of a recorded trace of system calls, for `replay`. */
  readonly traceLines?: Iterable<string> | undefined
}

/** @throws RangeError, PotluckError that says what of the plan is wrong */
export function experimentOf(plan: RunPlan, input: PlanInput = {}): ExperimentInit {
  const parameters = setParameters(plan.settings)
  const { seed, nodes } = plan
  const way = wayNamed(plan.way)
  const workload = workloadOf(plan, parameters, input.traceLines)
  const { jitterMs } = parameters.run
  const base = worldOf(parameters)
  const world = { ...base, volume: { ...base.volume, ahead: plan.ahead } }
  const init = { seed, nodes, workload, way, world, jitterMs }
  if (plan.faults === 'none' || way.name !== 'mesh') return init
  return { ...init, faults: parseFaults(plan.faults) }
}

/** The same, with what has to be found out by running something first. */
export async function preparedExperimentOf(
  plan: RunPlan,
  input: PlanInput = {},
): Promise<ExperimentInit> {
  const init = experimentOf(plan, input)
  if (plan.ahead !== 'trace' || init.way.name !== 'mesh') return init
  const { seed, workload, world = {} } = init
  const trace = await recordStart({ seed, workload, world })
  return { ...init, world: { ...world, volume: { ...world.volume, traces: [trace] } } }
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
export function describePlan(plan: RunPlan): string {
  const { seed, nodes, workload, way, settings, faults, ahead } = plan
  const set = settings.map((setting) => ` --set ${setting}`).join('')
  const befall = faults === 'none' ? '' : ` --faults ${faults}`
  const what = `--workload ${workload} --nodes ${nodes} --seed ${seed}`
  return `${what} --ways ${way} --ahead ${ahead}${befall}${set}`
}
