// Each file here holds one promise of the mesh against a whole run, in the words of `watch/checker.ts`.
// They look at everything and change nothing, not even the order of events: a watched run has the
// same final hash as an unwatched one. A checker that no canary makes speak is not to be trusted.
import type { NodeGauges } from '../../src/node/gauges.ts'
import type { World } from '../world.ts'
import type { WorldNode } from '../world-node.ts'
import { type Checker, nameOf } from '../watch/checker.ts'

/** What a node holds when nothing goes on; what is not here are caches, which stay. */
const AT_REST: Partial<NodeGauges> = {
  flights: 0,
  prefetches: 0,
  // The root, which every mount holds.
  inodes: 1,
  openFiles: 0,
  openDirectories: 0,
  repairs: 0,
  warmJobs: 0,
}

/** Nothing is left behind: no fetch, handle or inode at rest, no timer after the end. */
export function noLeaks(): Checker {
  let resting: readonly WorldNode[] = []
  let world: World
  let say: (what: string) => void
  return {
    name: 'no-leaks',
    begin: (begun, report) => void ([world, say] = [begun, report]),
    quiet: () => {
      resting = world.nodes.filter(({ isLiving }) => isLiving)
      for (const node of resting) {
        const gauges = node.mesh.gauges()
        const requests = world.network.outstanding(node.peer)
        const who = nameOf({ node, epoch: node.epoch })
        if (requests > 0) say(`${who} at rest still waits for ${requests} peers`)
        for (const [name, count] of Object.entries(AT_REST) as [keyof NodeGauges, number][]) {
          if (gauges[name] > count) say(`${who} at rest: ${name} ${gauges[name]}, not ${count}`)
        }
      }
    },
    stopped: () => {
      // Who died before left as it was.
      for (const { index, life } of resting) {
        if (life.timers > 0) say(`node ${index} was stopped, and has ${life.timers} timers set`)
      }
    },
  }
}
