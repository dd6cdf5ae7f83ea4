// Results as a run would give them, without a run.
import type { ExperimentResult } from '../../../sim/experiment.ts'
import type { RunPlan } from '../../../sim/plan.ts'
import { type Entry, entryOf } from '../../../sim/report/entry.ts'

const NOTHING = { mean: 0, max: 0 }

export function makeEntry(
  given: Partial<RunPlan> & { readonly finishes?: readonly (number | null)[] } = {},
): Entry {
  const { finishes = [1_000, 3_000, 2_000], ...rest } = given
  const plan: RunPlan = {
    seed: '1',
    nodes: finishes.length,
    workload: 'broadcast',
    way: 'mesh',
    settings: ['broadcast.bytes=64MiB'],
    faults: 'none',
    ahead: 'first-run',
    ...rest,
  }
  return entryOf(plan, resultOf(plan, finishes))
}

function resultOf(plan: RunPlan, finishes: readonly (number | null)[]): ExperimentResult {
  const sorted = finishes.filter((ms) => ms !== null).toSorted((a, b) => a - b)
  const last = sorted.at(-1) ?? 0
  return {
    ...plan,
    description: 'one <file>',
    shape: { bytesANode: 1, filesANode: 1, processesANode: 1 },
    isComplete: true,
    finishMs: { p50: sorted[sorted.length >> 1] ?? 0, p99: last, last },
    finishes,
    deadNodes: 0,
    readMs: { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 },
    cachedReads: 0,
    errors: {},
    source: {
      readdir: 1,
      stat: 2,
      open: 3,
      read: 4,
      bytes: 5 * 2 ** 20,
      blocks: 2,
      readsABlock: 1.5,
      directories: 1,
      listsADirectory: 1,
    },
    sentMessages: { mean: 1_234.4, max: 5_000 },
    sentBytes: { mean: 2 ** 20, max: 2 ** 22 },
    receivedBytes: NOTHING,
    ahead: { blocks: NOTHING, unused: NOTHING, unusedBytes: NOTHING },
    heldBytes: NOTHING,
    virtualMs: last,
    events: 1,
    messages: 1,
    hash: 'f00d',
    wall: { cpuMs: 1_000, ms: 1, eventsPerSecond: 1, rssBytes: 1 },
  }
}
