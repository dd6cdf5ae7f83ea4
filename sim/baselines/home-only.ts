// Everyone asks the home of what it wants, and the home reads the source once: a distributed hash
// table without a tree. The source is spared, the home is not.
import type { Key, PeerId } from '../../src/ports/messages.ts'
import { positionOf } from '../../src/block/key.ts'
import { PeerTable } from '../../src/placement/peer-table.ts'
import type { Access } from '../program/workload.ts'
import { Asker } from './asker.ts'
import { type Cluster, READS_AHEAD } from './cluster.ts'
import { PartReader } from './part-reader.ts'
import { attributesIn, bytesIn, namesOf, placeOf, type Question } from './questions.ts'
import { Answers } from './shelf.ts'

/** The mesh's block size: many homes share a large file. */
const PART_BYTES = 1024 * 1024

export function homeOnly(cluster: Cluster): readonly Access[] {
  const { nodes, tree } = cluster
  const answers = new Answers()
  const next = homesOf(cluster)
  return nodes.map((place): Access => {
    const asker = new Asker({ cluster, place, answers, next, partBytes: PART_BYTES })
    const fetch = (question: Question) =>
      next(question) === place.peer ? asker.answer(question) : asker.ask(question)
    const reader = new PartReader({
      tree,
      partBytes: PART_BYTES,
      ahead: READS_AHEAD,
      fetch: async (path, range) => {
        const index = Math.floor(range.from / PART_BYTES)
        const bytes = bytesIn(await fetch({ kind: 'read', path, index }))
        const start = range.from - index * PART_BYTES
        return bytes.subarray(start, start + range.length)
      },
    })
    return {
      stat: async (path) => attributesIn(await fetch({ kind: 'stat', path, index: 0 })),
      list: async (path) => namesOf(await fetch({ kind: 'list', path, index: 0 })),
      read: (path, range) => reader.read(path, range),
    }
  })
}

/** The closest node of all to a question's key; each looked for once. */
function homesOf({ nodes }: Cluster): (question: Question) => PeerId {
  const table = new PeerTable({ peer: '', position: positionOf('') })
  for (const { peer } of nodes) table.add({ peer, position: positionOf(peer) })
  const homes = new Map<Key, PeerId>()
  return (question) => {
    const key = placeOf(question)
    const home = homes.get(key) ?? table.closest(key, 1)[0]?.peer ?? ''
    homes.set(key, home)
    return home
  }
}
