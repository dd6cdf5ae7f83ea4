import type { Path } from '../../../src/ports/messages.ts'
import { agreement } from '../../checkers/writing/agreement.ts'
import { linearizable } from '../../checkers/writing/linearizable.ts'
import { lockedReads } from '../../checkers/writing/locked-reads.ts'
import { ownWrites } from '../../checkers/writing/own-writes.ts'
import type { SimTree } from '../../storage/tree.ts'
import { checkersFor } from '../checkers-for.ts'
import { BLOCK_BYTES, worldInit } from '../seed-world.ts'
import type { Workload } from '../workload.ts'
import { COUNTERS } from './count.ts'
import { readWritten, writingProgram, type WritingInit } from './program.ts'
import { withWriter } from './writer.ts'

const DIRECTORIES: readonly Path[] = ['d0', 'd1', 'd2', 'd3']
const FILES = 16
const LARGE: readonly Path[] = ['d0/large0', 'd1/large1', 'd2/large2']
/** Every change is told to everybody, over several ways: a few hundred changes a second at 64 nodes. */
const MESSAGES_A_SECOND = 5_000
/** The first roll of those who grant locks is made before anything befalls anybody. */
const FOUNDED_MS = 3_000
/** Who comes later finds a mesh, or is cut off from it: see src/lock/roll/founding.ts. */
const NEVER_MS = 3_600_000

/** They read and change the same few files through the mesh, and count under locks. */
export const WRITERS: Workload = {
  worldInit: (drawn, { faults, coherence }) => ({
    ...worldInit(drawn, faults, { coherence, write: 'through' }),
    tree: plant,
  }),
  instrument: ({ ports, init }, node, { nodes }) => {
    const isFirst = node.epoch === 1 && node.index < nodes
    return { ports, init: isFirst ? init : { ...init, foundAfterMs: NEVER_MS } }
  },
  settleMs: FOUNDED_MS,
  checkers: (drawn, { history, run }) => {
    history.follow()
    const watched = { history, faults: run.faults, messagesASecond: MESSAGES_A_SECOND }
    const { checkers, rate } = checkersFor(drawn, watched)
    const strictly = run.isLinearizable ? [linearizable(history)] : []
    const own = [ownWrites(history), lockedReads(history), agreement(history), ...strictly]
    // How often the source is read depends on how often it is written to.
    const kept = checkers.filter(({ name }) => name !== 'source-reads')
    return { checkers: [...kept, ...own], rate }
  },
  actors: (stage) => {
    const names = Array.from({ length: FILES }, (_, i) => `d${i % DIRECTORIES.length}/f${i}`)
    const init: WritingInit = { ...stage, names, large: LARGE, blockBytes: BLOCK_BYTES }
    return {
      program: (node, options) => writingProgram(init, node, options),
      last: async (node) => {
        for (const path of DIRECTORIES) {
          const list = () => withWriter(node, (writer) => writer.list(path))
          await stage.watch.list({ node, path }, list)
        }
        for (const path of [...names, ...LARGE, ...COUNTERS]) await readWritten(init, node, path)
      },
    }
  },
}

/** Half of the files are there from the start. */
function plant(tree: SimTree): void {
  for (const path of DIRECTORIES) tree.makeDirectory(path)
  for (let i = 0; i < FILES; i += 2) tree.makeFileOf(`d${i % 4}/f${i}`, Buffer.from(`first ${i}\n`))
  for (const path of LARGE) tree.makeFileOf(path, Buffer.from(`first ${path}\n`))
  for (const path of COUNTERS) tree.makeFileOf(path, Buffer.from('000000000000000\n'))
}
