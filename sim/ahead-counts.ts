// What the nodes of a mesh fetched before it was asked for, and what of it was of no use.
import { type Load, loadOf } from './load.ts'
import type { World } from './world.ts'

export type AheadCounts = {
  /** Blocks that were fetched before they were asked for. */
  readonly blocks: Load
  /** Those that nobody ever asked for. */
  readonly unused: Load
  readonly unusedBytes: Load
}

const NOT_UNUSED = ['prefetches_used_total', 'prefetches_failed_total']

export function aheadOf({ nodes }: World): AheadCounts {
  const each = nodes
    .filter((node) => node.isLiving && node.hasStarted)
    .map(({ mesh }) => ({ ...mesh.status().counters, ...mesh.gauges() }))
    .map((counts: Readonly<Record<string, number>>) => (name: string) => counts[name] ?? 0)
  const without = (of: (name: string) => number) =>
    NOT_UNUSED.reduce((rest, name) => rest - of(name), of('prefetches_total'))
  return {
    blocks: loadOf(each.map((of) => of('prefetches_total'))),
    unused: loadOf(each.map(without)),
    unusedBytes: loadOf(
      each.map((of) => of('prefetch_wasted_bytes_total') + of('prefetchUnreadBytes')),
    ),
  }
}
