// The baselines by the names that a command line and a report give them.
import type { Baseline } from './cluster.ts'
import { direct } from './direct.ts'
import { homeOnly } from './home-only.ts'
import { staticTree } from './static-tree.ts'

export const BASELINES = {
  direct,
  'static-tree': staticTree,
  'home-only': homeOnly,
} as const satisfies Record<string, Baseline>

export type BaselineName = keyof typeof BASELINES

export const BASELINE_NAMES = Object.keys(BASELINES) as readonly BaselineName[]

export function isBaselineName(name: string): name is BaselineName {
  return Object.hasOwn(BASELINES, name)
}
