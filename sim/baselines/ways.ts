// The baselines as ways of a run, by the names that a command line and a report give them.
import assert from 'node:assert/strict'
import type { Way } from '../program/way.ts'
import type { Access } from '../program/workload.ts'
import type { World } from '../world.ts'
import type { Baseline } from './cluster.ts'
import { direct } from './direct.ts'
import { homeOnly } from './home-only.ts'
import { staticTree } from './static-tree.ts'

export const BASELINES: readonly Way[] = [
  wayOf(direct, { name: 'direct', description: 'each node reads the source itself' }),
  wayOf(staticTree, {
    name: 'static-tree',
    description: 'one static tree by rank, whole files, above 10 MB straight from the source',
  }),
  wayOf(homeOnly, { name: 'home-only', description: 'everyone asks the home of each block' }),
]

/** Sets a baseline up in each world that it is started in. */
function wayOf(baseline: Baseline, named: Pick<Way, 'name' | 'description'>): Way {
  const accesses = new WeakMap<World, readonly Access[]>()
  return {
    ...named,
    start: async (world) => {
      accesses.set(world, baseline(world))
    },
    access(world, node) {
      const access = accesses.get(world)?.[node]
      assert(access !== undefined, `${named.name} was not started in this world`)
      return access
    },
  }
}
