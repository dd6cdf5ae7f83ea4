// One run: a workload, on so many nodes, by one way, from one seed. What the command line, the report
// and the swarm are made of; a baseline is the same run with another way.
import { waitUnlessAborted } from '../src/base/abort.ts'
import type { Faults } from './faults/faults.ts'
import { unleash, worldFor } from './faults/unleash.ts'
import type { Quantiles } from './program/histogram.ts'
import { type Observation, WorkloadRun } from './program/run-workload.ts'
import type { Way } from './program/way.ts'
import type { Workload } from './program/workload.ts'
import type { StorageCounts } from './storage/storage.ts'
import { World, type WorldInit } from './world.ts'
import { aheadOf, type AheadCounts } from './ahead-counts.ts'
import { type Load, loadOf } from './load.ts'

/** Virtual time after which a run counts as stuck. */
const RUN_MS = 24 * 3_600_000

export type ExperimentInit = {
  readonly seed: string | number
  readonly nodes: number
  readonly workload: Workload
  readonly way: Way
  /** Costs, models, RAM, faults' share of sources: whatever a world takes. */
  readonly world?: Omit<Partial<WorldInit>, 'seed' | 'nodes' | 'tree'>
  /** Programs start within this time of each other. @default 50 */
  readonly jitterMs?: number
  readonly onRead?: (observation: Observation) => void
  /** What happens while the programs run; the run is over when they are and it is. */
  readonly faults?: Faults
  /** Called once, with what the seed gave, and a look at how far the run is. */
  readonly onStart?: (drawn: readonly string[], look: () => Progress) => void
  /** Called with the world as it is at the end. */
  readonly onEnd?: (world: World) => void
  /** Ends the run early, with what is known by then. */
  readonly signal?: AbortSignal
}

export type Progress = {
  readonly steps: number
  readonly stepsTotal: number
  readonly virtualMs: number
  readonly events: number
}

export type ExperimentResult = {
  readonly seed: string | number
  readonly nodes: number
  readonly workload: string
  readonly description: string
  /** Distinct bytes and files that each node reads, and by how many programs: for the bounds. */
  readonly shape: {
    readonly bytesANode: number
    readonly filesANode: number
    readonly processesANode: number
  }
  readonly way: string
  /** False where it was ended early. */
  readonly isComplete: boolean
  /** Milliseconds from the first program's start until all processes of a node had ended. */
  readonly finishMs: { readonly p50: number; readonly p99: number; readonly last: number }
  /** Of each node, by its number; null for one that died before. */
  readonly finishes: readonly (number | null)[]
  readonly deadNodes: number
  readonly readMs: Quantiles
  readonly cachedReads: number
  readonly errors: Readonly<Record<string, number>>
  readonly source: Readonly<StorageCounts> & {
    /** Distinct blocks that were read at all, and reads for each of them. */
    readonly blocks: number
    readonly readsABlock: number
    readonly directories: number
    readonly listsADirectory: number
  }
  readonly sentMessages: Load
  readonly sentBytes: Load
  readonly receivedBytes: Load
  readonly ahead: AheadCounts
  /** Bytes in shards at the end. */
  readonly heldBytes: Load
  readonly virtualMs: number
  readonly events: number
  readonly messages: number
  readonly hash: string
  /** Of this process, in real time: everything above is the same for the same seed, this is not. */
  readonly wall: {
    readonly ms: number
    /** Of this process, on all its threads: what a busy machine does not lengthen as much. */
    readonly cpuMs: number
    readonly eventsPerSecond: number
    readonly rssBytes: number
  }
}

/** @throws StallError where the run never ends */
export async function runExperiment(init: ExperimentInit): Promise<ExperimentResult> {
  const startedAt = performance.now()
  const { seed, nodes, workload, faults, signal } = init
  const world = new World({
    volume: { blockBytes: 1024 * 1024 },
    ...init.world,
    ...(faults === undefined ? {} : worldFor(faults, { seed, nodes })),
    seed,
    nodes,
    tree: (tree) => workload.build(tree),
  })
  await world.run(() => init.way.start(world))
  const run = new WorkloadRun({ jitterMs: 50, ...init, world })
  init.onStart?.(drawnBy(init, world), () => progressOf(world, run))
  const isComplete = await runToEnd(world, run, { faults, signal })
  init.onEnd?.(world)
  return resultOf(init, { world, run, isComplete, wallMs: performance.now() - startedAt })
}

/** @returns false where the signal ended it */
async function runToEnd(
  world: World,
  run: WorkloadRun,
  options: { readonly faults: Faults | undefined; readonly signal: AbortSignal | undefined },
): Promise<boolean> {
  const { faults, signal } = options
  const work = async () => {
    const befall = faults === undefined ? Promise.resolve() : unleash(world, faults)
    await Promise.all([run.all(), befall])
  }
  try {
    await world.run(() => waitUnlessAborted(work(), signal, () => {}), { withinMs: RUN_MS })
    return true
  } catch (error) {
    if (signal?.aborted === true) return false
    throw error
  }
}

/** What came out of the seed before anything happened, a line each. */
function drawnBy({ seed, workload, way, jitterMs = 0 }: ExperimentInit, world: World): string[] {
  const { nodes, latent } = world
  const dead = nodes.filter((node, i) => i < nodes.length - latent && !node.isLiving)
  const named = dead.map(({ index }) => index)
  return [
    `seed ${seed}: ${nodes.length - latent} nodes, from ${nodes[0]?.peer} on, by ${way.name}`,
    `${workload.name}: ${workload.description}; programs start within ${2 * jitterMs} ms`,
    ...(named.length > 0 ? [`dead from the start: ${named.join(', ')}`] : []),
    ...(latent > 0 ? [`to join later: ${latent}, from node ${nodes.length - latent} on`] : []),
  ]
}

function progressOf(world: World, { steps, stepsTotal }: WorkloadRun): Progress {
  const { clock } = world
  return { steps, stepsTotal, virtualMs: clock.elapsedMs, events: clock.ran }
}

type Ended = {
  readonly world: World
  readonly run: WorkloadRun
  readonly isComplete: boolean
  readonly wallMs: number
}

function resultOf(
  { seed, workload, way }: ExperimentInit,
  { world, run, isComplete, wallMs }: Ended,
): ExperimentResult {
  const { nodes, ...outcome } = run.outcome()
  const traffic = world.nodes.map(({ peer }) => world.network.traffic(peer))
  const finished = nodes.flatMap(({ finishedMs }) => finishedMs ?? []).toSorted((a, b) => a - b)
  const { elapsedMs: virtualMs, ran: events } = world.clock
  const { bytesANode, filesANode, processesANode } = workload
  return {
    seed,
    nodes: nodes.length,
    workload: workload.name,
    description: workload.description,
    shape: { bytesANode, filesANode, processesANode },
    way: way.name,
    isComplete,
    finishMs: { p50: at(finished, 0.5), p99: at(finished, 0.99), last: at(finished, 1) },
    finishes: nodes.map(({ finishedMs }) => finishedMs ?? null),
    deadNodes: nodes.filter(({ isDead }) => isDead).length,
    ...outcome,
    source: sourceOf(world),
    sentMessages: loadOf(traffic.map(({ sent }) => sent.messages)),
    sentBytes: loadOf(traffic.map(({ sent }) => sent.bytes)),
    receivedBytes: loadOf(traffic.map(({ received }) => received.bytes)),
    ahead: aheadOf(world),
    heldBytes: loadOf(world.nodes.map((node) => node.heldBytes())),
    virtualMs,
    events,
    messages: world.trace.count,
    hash: world.hash(),
    wall: {
      ms: wallMs,
      cpuMs: cpuMs(),
      eventsPerSecond: (events * 1000) / wallMs,
      rssBytes: process.memoryUsage.rss(),
    },
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function sourceOf({ storage }: World): ExperimentResult['source'] {
  const total = (counts: ReadonlyMap<string, number>) =>
    [...counts.values()].reduce((sum, count) => sum + count, 0)
  const { blockReads, lists } = storage
  return {
    ...storage.counts,
    blocks: blockReads.size,
    readsABlock: total(blockReads) / Math.max(1, blockReads.size),
    directories: lists.size,
    listsADirectory: total(lists) / Math.max(1, lists.size),
  }
}

/** The nearest rank in sorted values; 0 where there are none. */
function at(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}
