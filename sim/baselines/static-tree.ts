// One static tree over all nodes, as Copper builds it (github.com/argonne-lcf/copper; Lewis et al.,
// 2024): node 0 is the root and alone reads the source, each node asks the one above it, and every
// level keeps what passes. Whole files, passed on when they are there completely; files above
// 10 MB are read straight from the source by each node.
import type { Access } from '../program/workload.ts'
import { Asker } from './asker.ts'
import type { Cluster } from './cluster.ts'
import { directAt } from './direct.ts'
import { attributesIn, bytesIn, namesOf } from './questions.ts'
import { Answers } from './shelf.ts'

/** Copper's `max_cacheable_byte_size`. */
const TREE_FILE_BYTES = 10 * 1024 * 1024

/** Copper's table: up to so many nodes, so many children each. */
const FANOUTS = [
  { upTo: 31, fanout: 2 },
  { upTo: 121, fanout: 3 },
  { upTo: 341, fanout: 4 },
  { upTo: 781, fanout: 5 },
  { upTo: 1_555, fanout: 6 },
] as const

export function fanoutFor(nodes: number): number {
  return FANOUTS.find(({ upTo }) => nodes <= upTo)?.fanout ?? 7
}

/** Whom the node of this rank asks; the root's is itself. */
export function parentOf(rank: number, fanout: number): number {
  return rank === 0 ? 0 : Math.floor((rank - 1) / fanout)
}

export function staticTree(cluster: Cluster): readonly Access[] {
  const { nodes, tree } = cluster
  const fanout = fanoutFor(nodes.length)
  const answers = new Answers()
  return nodes.map((place): Access => {
    const parent = nodes[parentOf(place.index, fanout)] ?? place
    const next = () => parent.peer
    const asker = new Asker({ cluster, place, answers, next, partBytes: Infinity })
    const straight = directAt(cluster, place)
    return {
      stat: async (path) => attributesIn(await asker.answer({ kind: 'stat', path, index: 0 })),
      list: async (path) => namesOf(await asker.answer({ kind: 'list', path, index: 0 })),
      read: async (path, range) => {
        if (tree.find(path).size > TREE_FILE_BYTES) return straight.read(path, range)
        const bytes = bytesIn(await asker.answer({ kind: 'read', path, index: 0 }))
        return [bytes.subarray(range.from, range.from + range.length)]
      },
    }
  })
}
