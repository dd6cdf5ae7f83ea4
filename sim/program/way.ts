// A way by which the nodes of a world get at the tree: the mesh, or a baseline. What a way needs besides
// (trees, servers on the network) it makes in `start`, in the same world as the mesh's.
import type { World } from '../world.ts'
import { MeshAccess } from './mesh-access.ts'
import type { PathTable } from './path-table.ts'
import type { Access } from './workload.ts'

export type Way = {
  readonly name: string
  /** One line, for the report's legend. */
  readonly description: string
  /** Before the first program: to be awaited inside `world.run`. */
  start(world: World): Promise<void>
  /** Of one node, for the life it has now. */
  access(world: World, node: number, paths: PathTable): Access
}

/** Potluck itself: the same `startNode` as the real peer's. */
export const mesh: Way = {
  name: 'mesh',
  description: 'Potluck: every node a peer, blocks by the closest key',
  start: async (world) => {
    const living = world.nodes.filter((node) => node.isLiving)
    await Promise.all(living.map((node) => node.start()))
  },
  access: (world, node, paths) =>
    new MeshAccess({
      volume: world.node(node).volume,
      paths,
      elapsedMs: () => world.clock.elapsedMs,
    }),
}
