// From the flags of `sim run` to the list of runs that they mean, checked as a whole before the first.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { PotluckError } from '../../../src/base/errors.ts'
import type { Ahead } from '../../../src/node/mesh-node.ts'
import { experimentOf, type RunPlan } from '../../../sim/plan.ts'
import { usageError } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'

export type RunFlags = {
  readonly workload: string
  readonly traceFile?: string
  readonly nodes?: readonly number[]
  readonly sweep?: readonly number[]
  readonly seed: string
  readonly ways?: string
  readonly compare?: string
  readonly faults: string
  readonly ahead: readonly Ahead[]
  readonly set: readonly string[]
  readonly vary: readonly string[]
  readonly memory?: number
  readonly json?: boolean
  readonly out?: string
  readonly trace?: string
  readonly report?: string
}

/** What a run's process is told. */
export type RunTask = {
  readonly plan: RunPlan
  /** For files about it; no two of one command have the same. */
  readonly name: string
  readonly traceFile: string | undefined
  /** Where to write what each node did. */
  readonly nodeFile: string | undefined
}

const DEFAULT_NODES = [64]

/**
 * Every way at every number of nodes and every value varied, small ones first.
 *
 * @throws CommanderError, PotluckError
 */
export function tasksOf(flags: RunFlags, terminal: Terminal): RunTask[] {
  const { seed, workload, faults } = flags
  const isReplay = workload === 'replay'
  if (isReplay !== (flags.traceFile !== undefined)) {
    throw usageError('replay needs --trace-file, and the other workloads none')
  }
  const traceFile = isReplay ? path.resolve(terminal.cwd, flags.traceFile ?? '') : undefined
  const counts = (flags.sweep ?? flags.nodes ?? DEFAULT_NODES).toSorted((a, b) => a - b)
  const plans = counts.flatMap((nodes) =>
    waysOf(flags).flatMap((way) =>
      settingsOf(flags).flatMap((settings) =>
        // Baselines read nothing ahead: one run of them is enough.
        (way === 'mesh' ? flags.ahead : flags.ahead.slice(0, 1)).map((ahead) => ({
          seed,
          nodes,
          workload,
          way,
          settings,
          faults,
          ahead,
        })),
      ),
    ),
  )
  const nodeDirectory = flags.trace && path.resolve(terminal.cwd, flags.trace)
  const tasks = plans.map((plan, i): RunTask => {
    const name = nameOf(plan, plans.slice(0, i))
    const nodeFile = nodeDirectory && path.join(nodeDirectory, `${name}.txt`)
    return { plan, name, traceFile, nodeFile }
  })
  const [first] = tasks
  for (const task of tasks) {
    if (task === first || task.plan.nodes === first?.plan.nodes) check(task)
  }
  return tasks
}

function nameOf({ workload, nodes, way, seed }: RunPlan, before: readonly RunPlan[]): string {
  const same = before.filter((plan) => plan.nodes === nodes && plan.way === way).length
  const name = `${workload}-${nodes}-${way}-${seed.replaceAll(/[^\w.-]/g, '_')}`
  return same === 0 ? name : `${name}-${same + 1}`
}

/** What is set, with each combination of what is varied: `--vary a.b=1,2` is two. */
function settingsOf({ set, vary }: RunFlags): (readonly string[])[] {
  return vary.reduce<(readonly string[])[]>(
    (combinations, varied) => {
      const [name, values = ''] = varied.split(/=(.*)/s)
      const each = values.split(',').map((value) => `${name}=${value}`)
      return combinations.flatMap((settings) => each.map((setting) => [...settings, setting]))
    },
    [set],
  )
}

function waysOf({ ways, compare }: RunFlags): string[] {
  const others = compare === undefined ? [] : ['mesh', ...compare.split(',')]
  const named = [...(ways?.split(',') ?? []), ...others].map((name) => name.trim())
  return named.length === 0 ? ['mesh'] : [...new Set(named)]
}

/** A mistake is told before anything runs. */
function check({ plan, traceFile }: RunTask): void {
  try {
    const traceLines = traceFile === undefined ? undefined : readTrace(traceFile)
    experimentOf({ ...plan, nodes: 1 }, { traceLines })
  } catch (error) {
    if (error instanceof RangeError) throw usageError(error.message)
    throw error
  }
}

/** @throws PotluckError ENOENT and the like, with the file's name */
export function readTrace(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').split('\n')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'ENOENT' : 'EIO'
    throw new PotluckError(code, `the trace ${file} can't be read`, { cause: error })
  }
}
