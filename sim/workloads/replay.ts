// A recorded trace, run on every node: so many copies of each traced process, each in its own order and
// with the time between its calls as recorded.
import type { Step, Workload } from '../program/workload.ts'
import type { Trace } from './trace/trace.ts'

export type ReplayShape = {
  /** Copies of each traced process on each node. */
  readonly copies: number
  /** Recorded times between calls are multiplied by this. */
  readonly thinkScale: number
}

export const DEFAULT_REPLAY: ReplayShape = { copies: 1, thinkScale: 1 }

/** Reads are cut at the end of the file, and what was not seen to be there is absent. */
export function replay(trace: Trace, init: Partial<ReplayShape> = {}): Workload {
  const shape = { ...DEFAULT_REPLAY, ...init }
  const plans = plansOf(trace, shape)
  const calls = trace.steps.length
  return {
    name: 'replay',
    description:
      `${trace.program || 'a trace'}: ${calls} calls of ${trace.processes} processes on ` +
      `${trace.files.size} files, ${shape.copies} times a node`,
    build(tree) {
      for (const directory of trace.directories) tree.makeDirectory(directory)
      for (const [path, size] of trace.files) tree.makeFile(path, { size })
    },
    processesANode: trace.processes * shape.copies,
    steps: ({ index }) => plans[index % plans.length] ?? [],
    ...readsOf(trace),
    stepsAProcess: Math.ceil(calls / Math.max(1, trace.processes)),
  }
}

function plansOf({ processes, steps }: Trace, { thinkScale }: ReplayShape): Step[][] {
  const plans = Array.from({ length: processes }, (): Step[] => [])
  for (const { process, afterMs, call } of steps) {
    if (afterMs > 0) plans[process]?.push({ kind: 'think', ms: afterMs * thinkScale })
    plans[process]?.push(call)
  }
  return plans
}

/** Distinct bytes and files that are read. */
function readsOf({ files, steps }: Trace): { bytesANode: number; filesANode: number } {
  const ranges = Map.groupBy(
    steps.flatMap(({ call }) => (call.kind === 'read' ? [call] : [])),
    ({ path }) => path,
  )
  let bytesANode = 0
  for (const [path, reads] of ranges) {
    const size = files.get(path) ?? 0
    let reached = 0
    for (const { from, length } of reads.toSorted((a, b) => a.from - b.from)) {
      const to = Math.min(size, from + length)
      bytesANode += Math.max(0, to - Math.max(from, reached))
      reached = Math.max(reached, to)
    }
  }
  return { bytesANode, filesANode: ranges.size }
}
