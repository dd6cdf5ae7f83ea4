// The report: what runs came to, as JSON, as a table and as pictures in one file that needs no network.
// Everything in it is a ratio to a bound or a comparison of ways; a time alone says nothing.
//
// The room draws from results alone: it runs nothing, and must never show a figure that a result
// does not have. The plotting library takes a second to load, so only `draw.ts` names it, and what
// does not draw does not load it.
import type { ExperimentResult } from '../experiment.ts'
import type { RunPlan } from '../plan.ts'
import { type Bound, boundOf } from './bound-of.ts'

/** One run: what was asked for, what came of it, and what no way could have beaten. */
export type Entry = {
  readonly plan: RunPlan
  readonly result: ExperimentResult
  readonly bound: Bound | undefined
}

export type Report = { readonly version: 1; readonly entries: readonly Entry[] }

export function entryOf(plan: RunPlan, result: ExperimentResult): Entry {
  return { plan, result, bound: boundOf(plan) }
}

/** How long the last node took, as a multiple of the bound. */
export function ratioOf({ result, bound }: Entry): number | undefined {
  return bound === undefined || bound.ms === 0 ? undefined : result.finishMs.last / bound.ms
}

/** The way, and those settings that are not the same in all entries of the workload. */
export function labelOf({ plan, result }: Entry, entries: readonly Entry[]): string {
  const others = entries.filter((each) => each.plan.workload === plan.workload)
  const varied = plan.settings.filter(
    (setting) => !others.every((each) => each.plan.settings.includes(setting)),
  )
  const faults = others.every((each) => each.plan.faults === plan.faults) ? [] : [plan.faults]
  const ahead = others.every((each) => each.plan.ahead === plan.ahead) ? [] : [plan.ahead]
  return [result.way, ...varied, ...faults, ...ahead].join(' ')
}

/** @throws RangeError where the text is no report of this version */
export function parseReport(text: string): Report {
  const report = JSON.parse(text) as Partial<Report>
  if (report.version === 1 && Array.isArray(report.entries)) return report as Report
  throw new RangeError('is no report of `potluck sim run --report`, or one of another version')
}
