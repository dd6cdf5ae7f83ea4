// Other ways of getting the same tree to the same nodes, to compare the mesh with: each node reads the
// source itself, one static tree, or everyone asks a home. They run in the same simulated network,
// before the same storage, behind the same kernel model, on the same steps.
//
// Each is as small as its idea, and as fast as its idea allows: no failures, no changes, no eviction,
// and all of RAM. A comparison is worth nothing if the other side was made to lose.
// They must never share code with the mesh's own fetching, or a fault there would be in both.
import type { PeerId } from '../../src/ports/messages.ts'
import type { Contents } from '../storage/contents.ts'
import type { Life } from '../engine/life.ts'
import type { SimNetwork } from '../network/network.ts'
import type { Access } from '../program/workload.ts'
import { SimSource } from '../storage/source.ts'
import type { Storage } from '../storage/storage.ts'
import type { SimTree } from '../storage/tree.ts'

/** A node's place; its rank is its index. */
export type Place = { readonly peer: PeerId; readonly index: number; readonly life: Life }

/** What every way stands on; a world that was made but not started is one. */
export type Cluster = {
  readonly tree: SimTree
  readonly contents: Contents
  readonly storage: Storage
  readonly network: SimNetwork
  /** In order of their index, from 0, without gaps. */
  readonly nodes: readonly Place[]
}

/** A baseline: how the kernel of each node gets at the tree, by index. */
export type Baseline = (cluster: Cluster) => readonly Access[]

/** What a baseline's node reads files in from the source: Lustre's largest read request. */
export const READ_BYTES = 4 * 1024 * 1024
/** How many of those are under way for one file: Lustre's `max_rpcs_in_flight`. */
export const READS_AHEAD = 8

/** In which blocks reads of the source are counted: the mesh's, so that the counts compare. */
const COUNTED_BYTES = 1024 * 1024

/** A node's own client of the storage. */
export function sourceOf(cluster: Cluster, { peer, index, life }: Place): SimSource {
  const { storage, tree, contents, network } = cluster
  const intake = (bytes: number) => network.intake(peer, bytes)
  return new SimSource({
    storage,
    tree,
    contents,
    life,
    node: index,
    blockBytes: COUNTED_BYTES,
    intake,
  })
}
