// One seed from its beginning to its end: programs run while faults happen, then recover, then everybody
// reads everything, then all is quiet, then all stop; and the checkers watch from the first moment.
import type { Coherence } from '../../src/node/mesh-node.ts'
import { unleash } from '../faults/unleash.ts'
import { readsPerBlock } from '../checkers/source-reads.ts'
import type { Violation } from '../watch/checker.ts'
import { History } from '../watch/history.ts'
import { Watch } from '../watch/watch.ts'
import { type NodeInside, World, type WorldInit } from '../world.ts'
import type { WorldNode } from '../world-node.ts'
import { READERS } from './readers.ts'
import { type Drawn, drawWorld } from './seed-world.ts'
import { Tally } from './tally.ts'
import type { Actors, Stage, SwarmRun, Workload } from './workload.ts'

/** Longer than any read may take, after the faults: who still waits then waits for ever. */
const LAST_READS_MS = 60_000
/** What goes on behind the programs' backs, such as pages being read again, ends within this. */
const CALM_MS = 10_000
const REST_TRIES = 2_000
const REST_STEP_MS = 20
const CHANGES = 0.02

export type SeedRun = Pick<SwarmRun, 'seed' | 'nodes' | 'faults'> & {
  /** @default READERS */
  readonly workload?: Workload
  /** Share of what readers do that changes files. @default 0.02 */
  readonly changes?: number
  /** @default 'gossip' */
  readonly coherence?: Coherence
  /** Of writers: see `SwarmRun`. @default false */
  readonly isLinearizable?: boolean
  /** Puts something broken into the world: for the canaries. */
  readonly spoil?: Spoil
}

export type Spoil = {
  readonly init?: Partial<WorldInit>
  readonly inside?: (inside: NodeInside, node: WorldNode) => NodeInside
  readonly world?: (world: World) => void
}

export type SeedResult = {
  readonly drawn: Drawn
  readonly tally: Tally
  readonly violations: readonly Violation[]
  readonly perBlock: number
  /** The most messages that a node sent in a second. */
  readonly messages: number
  /** Virtual. */
  readonly elapsedMs: number
  readonly events: number
  readonly hash: string
}

export async function runSeed(run: SeedRun): Promise<SeedResult> {
  const { seed, nodes, workload = READERS } = run
  const swarm = { changes: CHANGES, coherence: 'gossip', isLinearizable: false, ...run } as const
  const drawn = drawWorld(seed, nodes)
  const watch = new Watch()
  const world = makeWorld(run, { drawn, watch, swarm, workload })
  const history = new History(world)
  const { checkers, rate } = workload.checkers(drawn, { history, run: swarm })
  watch.begin(world, checkers)
  run.spoil?.world?.(world)
  const tally = new Tally()
  await world.start()
  await world.run(() => world.sleep(workload.settleMs))
  const stage = { world, watch, history, tally }
  await liveThrough(stage, workload.actors(stage, swarm), swarm)
  watch.quiet()
  const hash = world.hash()
  await world.stop()
  watch.stopped()
  const { elapsedMs, ran: events } = world.clock
  const { violations } = watch
  const { perBlock } = readsPerBlock(world)
  return { drawn, tally, violations, perBlock, messages: rate.most(), elapsedMs, events, hash }
}

type Making = {
  readonly drawn: Drawn
  readonly watch: Watch
  readonly swarm: SwarmRun
  readonly workload: Workload
}

function makeWorld({ spoil }: SeedRun, { drawn, watch, swarm, workload }: Making): World {
  return new World({
    ...workload.worldInit(drawn, swarm),
    ...spoil?.init,
    // What is broken lies above the watch, which sees what really goes out and comes in.
    instrument: (inside, node) => {
      const made = workload.instrument?.(inside, node, swarm) ?? inside
      const watched = watch.instrument(made, node)
      return spoil?.inside?.(watched, node) ?? watched
    },
  })
}

async function liveThrough(
  stage: Stage,
  actors: Actors,
  { faults, coherence }: SwarmRun,
): Promise<void> {
  const { world, watch } = stage
  const random = world.random.fork('programs')
  const untilMs = world.clock.elapsedMs + faults.forMs
  const programs = world.nodes.map((node) =>
    actors.program(node, { random: random.fork(String(node.index)), untilMs }),
  )
  await world.run(() => Promise.all([unleash(world, faults), orLate(world, programs)]))
  watch.phase('recovery')
  const { revalidateMs = 0 } = world.volumeInit
  // Where all nodes are as one, who reads waits for changes under way, and one may hang in the storage.
  const hangMs = coherence === 'strict' ? world.storage.hangsUntilMs - world.clock.elapsedMs : 0
  await world.run(() => world.sleep(Math.max(revalidateMs, hangMs) + CALM_MS))
  watch.phase('healthy')
  const living = world.nodes.filter((node) => node.isLiving)
  const last = living.map((node) => actors.last(node))
  await world.run(() => orLate(world, last))
  await world.run(() => world.sleep(CALM_MS))
  await world.run(() => momentOfRest(world))
}

/**
 * Nodes ask each other for signs of life now and then, and after rumors that nobody has any more: a
 * moment when none does so comes soon. A call that hung in the storage as the faults stopped may take
 * the source's patience to end, which is less than what has gone by since and all the tries here.
 */
async function momentOfRest(world: World): Promise<void> {
  for (let tries = 0; tries < REST_TRIES; tries++) {
    const isBusy = world.nodes.some((node) => {
      if (!node.isLiving) return false
      const { repairs, flights } = node.mesh.gauges()
      return world.network.outstanding(node.peer) + repairs + flights > 0
    })
    if (!isBusy) return
    await world.sleep(REST_STEP_MS)
  }
}

/** Waits for all of them, but not for those who wait for ever. */
async function orLate(world: World, work: readonly Promise<void>[]): Promise<void> {
  await Promise.race([Promise.all(work), world.sleep(LAST_READS_MS)])
}
