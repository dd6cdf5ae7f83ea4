// What the programs of a swarm do, and who watches them: readers of files that change behind the mesh's
// back, or writers, through the mesh.
import type { Random } from '../../src/ports/random.ts'
import type { Coherence } from '../../src/node/mesh-node.ts'
import type { Faults } from '../faults/faults.ts'
import type { Checker } from '../watch/checker.ts'
import type { History } from '../watch/history.ts'
import type { Watch } from '../watch/watch.ts'
import type { NodeInside, World, WorldInit } from '../world.ts'
import type { WorldNode } from '../world-node.ts'
import type { messageRate } from '../checkers/message-rate.ts'
import type { Drawn } from './seed-world.ts'
import type { Tally } from './tally.ts'

export type SwarmRun = {
  readonly seed: number
  readonly nodes: number
  readonly faults: Faults
  /** Share of what programs do that changes files. */
  readonly changes: number
  readonly coherence: Coherence
  /** Whether it is checked that all nodes together are as one. */
  readonly isLinearizable: boolean
}

export type Stage = {
  readonly world: World
  readonly watch: Watch
  readonly history: History
  readonly tally: Tally
}

export type Actors = {
  /** On one node until then, in all its lives. */
  readonly program: (
    node: WorldNode,
    options: { readonly random: Random; readonly untilMs: number },
  ) => Promise<void>
  /** When all is well again: reads everything. */
  readonly last: (node: WorldNode) => Promise<void>
}

export type Workload = {
  readonly worldInit: (drawn: Drawn, run: SwarmRun) => WorldInit
  readonly instrument?: (inside: NodeInside, node: WorldNode, run: SwarmRun) => NodeInside
  /** So long nothing befalls anybody. */
  readonly settleMs: number
  readonly checkers: (
    drawn: Drawn,
    watched: { readonly history: History; readonly run: SwarmRun },
  ) => { readonly checkers: readonly Checker[]; readonly rate: ReturnType<typeof messageRate> }
  readonly actors: (stage: Stage, run: SwarmRun) => Actors
}
