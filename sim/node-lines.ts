// What each node of a world has done, one line for each node and class of events: to look for the one
// node that did what the others did not. Lines sort and compare as text, from run to run.
import type { World } from './world.ts'
import type { WorldNode } from './world-node.ts'

/** Made one by one: a large world has a million of them. */
export function* nodeLines(world: World): Iterable<string> {
  for (const node of world.nodes) {
    for (const [name, values] of classesOf(world, node)) {
      const told = Object.entries(values).map(([what, count]) => `${what}=${count}`)
      if (told.length > 0) yield `node ${node.index} life ${node.epoch} ${name} ${told.join(' ')}`
    }
  }
}

type Class = readonly [name: string, values: Readonly<Record<string, number | string>>]

function classesOf(world: World, node: WorldNode): Class[] {
  const { sent, received } = world.network.traffic(node.peer)
  const outside: Class[] = [
    ['state', { life: node.life.state, peer: node.peer }],
    ['sent', sent],
    ['received', received],
    ['source', node.source?.counts ?? {}],
  ]
  if (!node.isLiving || !node.hasStarted) return outside
  const { ram, counters, volumes, fetchMs } = node.status()
  const tiers = volumes.flatMap(({ blocks, bytes }): Class[] => [
    ['blocks', blocks],
    ['bytes', bytes],
  ])
  return [...outside, ...tiers, ['ram', ram], ['fetch-ms', fetchMs], ['counters', counters]]
}
