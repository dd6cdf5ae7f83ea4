// Runs a workload: all processes of all nodes, each taking its steps through its node's kernel, in
// virtual time. What is cached there costs no event; the time between is slept off before the next
// step that has to wait, so that a process is never ahead of the clock when it asks anybody.
//
// A process whose node dies ends with it. It must never decide what a node reads: steps do.
import type { Attributes, Path } from '../../src/ports/messages.ts'
import { codeOf } from '../../src/base/errors.ts'
import { between } from '../engine/draws.ts'
import type { Life } from '../engine/life.ts'
import type { World } from '../world.ts'
import { Histogram, type Quantiles } from './histogram.ts'
import { Kernel } from './kernel.ts'
import { PathTable } from './path-table.ts'
import type { Way } from './way.ts'
import type { Process, Step, Workload } from './workload.ts'

/** A process thinks ahead of the clock by at most this, while all it asks for is cached. */
const AHEAD_MS = 20

/** One read that has ended, cached or not. */
export type Observation = {
  readonly node: number
  readonly path: Path
  readonly from: number
  readonly length: number
  /** The bytes in order. */
  readonly slices: readonly Uint8Array[]
  /** What the kernel knew of the file when it was opened. */
  readonly attributes: Attributes
  /** Elapsed virtual milliseconds. */
  readonly startedMs: number
  readonly endedMs: number
}

export type WorkloadRunInit = {
  readonly world: World
  readonly way: Way
  readonly workload: Workload
  /** Processes start within this time of each other, drawn per node and again per process. */
  readonly jitterMs?: number
  /** Sees every read, with its bytes: kernels then keep what they cache, so for small worlds. */
  readonly onRead?: (observation: Observation) => void
}

export type NodeOutcome = {
  readonly node: number
  /** When its last process ended, in milliseconds since the run began; undefined while it has not. */
  readonly finishedMs: number | undefined
  /** Its life ended before its processes did. */
  readonly isDead: boolean
  readonly failures: number
}

export type RunOutcome = {
  readonly nodes: readonly NodeOutcome[]
  /** Of reads that had to wait, in milliseconds. */
  readonly readMs: Quantiles
  readonly cachedReads: number
  /** Steps that failed, by code. */
  readonly errors: Readonly<Record<string, number>>
}

type Outcome = { -readonly [Name in keyof NodeOutcome]: NodeOutcome[Name] }
type Job = {
  readonly process: Process
  readonly kernel: Kernel
  readonly life: Life
  readonly outcome: Outcome
}
type Call = Exclude<Step, { kind: 'think' }>

export class WorkloadRun {
  readonly paths = new PathTable()
  readonly #init: WorkloadRunInit
  readonly #outcomes: Outcome[]
  readonly #readMs = new Histogram()
  readonly #errors = new Map<string, number>()
  readonly #startedMs: number
  #cachedReads = 0
  #steps = 0

  constructor(init: WorkloadRunInit) {
    this.#init = init
    this.#startedMs = init.world.clock.elapsedMs
    this.#outcomes = init.world.nodes.map((_, node) => ({ node, ...UNFINISHED }))
  }

  /** Steps taken so far by all processes, `think` not counted. */
  get steps(): number {
    return this.#steps
  }

  /** Steps of all processes, about. */
  get stepsTotal(): number {
    const { stepsAProcess, processesANode } = this.#init.workload
    return stepsAProcess * processesANode * this.#outcomes.length
  }

  /** All processes of all living nodes, from their start to their end. */
  async all(): Promise<RunOutcome> {
    const living = this.#init.world.nodes.filter((node) => node.isLiving)
    await Promise.all(living.map((node) => this.node(node.index)))
    return this.outcome()
  }

  /** The processes of one node, for the life it has now: again after it came back. */
  async node(index: number): Promise<void> {
    const { world, way, workload, jitterMs = 0, onRead } = this.#init
    const random = world.random.fork(`programs ${index}`)
    const kernel = new Kernel({
      access: way.access(world, index, this.paths),
      paths: this.paths,
      elapsedMs: () => world.clock.elapsedMs,
      keepsBytes: onRead !== undefined,
    })
    const outcome: Outcome = { node: index, ...UNFINISHED }
    this.#outcomes[index] = outcome
    const { life } = world.node(index)
    const nodeMs = between(random, 0, jitterMs)
    const processes = Array.from({ length: workload.processesANode }, async (_, i) => {
      const process = { node: index, index: i, random: random.fork(String(i)) }
      await world.sleep(nodeMs + between(process.random, 0, jitterMs))
      await this.#process({ process, kernel, life, outcome })
    })
    await Promise.all(processes)
    kernel.close()
    outcome.isDead = life.state === 'dead'
    if (!outcome.isDead) outcome.finishedMs = world.clock.elapsedMs - this.#startedMs
  }

  /** What is known so far. */
  outcome(): RunOutcome {
    return {
      nodes: this.#outcomes.map((outcome) => ({ ...outcome })),
      readMs: this.#readMs.summary(),
      cachedReads: this.#cachedReads,
      errors: Object.fromEntries([...this.#errors].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    }
  }

  async #process(job: Job): Promise<void> {
    const { world, workload } = this.#init
    const { life } = job
    let aheadMs = 0
    for (const step of workload.steps(job.process)) {
      if (step.kind === 'think') {
        aheadMs += step.ms
        if (aheadMs < AHEAD_MS) continue
      } else if (this.#isHere(job.kernel, step)) {
        if (step.kind === 'read') this.#cachedReads += 1
        if (step.kind !== 'read' || this.#init.onRead === undefined) {
          this.#steps += 1
          continue
        }
      }
      if (aheadMs > 0) await world.sleep(aheadMs)
      aheadMs = 0
      if (life.state === 'dead') return
      if (step.kind !== 'think') await this.#take(job, step)
    }
    if (aheadMs > 0) await world.sleep(aheadMs)
  }

  #isHere(kernel: Kernel, step: Call): boolean {
    if (step.kind === 'stat') return kernel.knows(step.path)
    if (step.kind === 'list') return kernel.hasListed(step.path)
    return kernel.holds(step.path, step.from, step.length)
  }

  async #take(job: Job, step: Call): Promise<void> {
    const { life } = job
    try {
      await life.within(this.#perform(job, step))
    } catch (error) {
      if (life.state === 'dead') return
      const code = codeOf(error)
      this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1)
      job.outcome.failures += 1
    }
    this.#steps += 1
  }

  async #perform(job: Job, step: Call): Promise<void> {
    const { kernel } = job
    if (step.kind === 'stat') await kernel.stat(step.path)
    else if (step.kind === 'list') await kernel.list(step.path)
    else await this.#read(job, step)
  }

  async #read(
    { process, kernel }: Job,
    { path, from, length }: Extract<Step, { kind: 'read' }>,
  ): Promise<void> {
    const { clock } = this.#init.world
    const startedMs = clock.elapsedMs
    const { attributes, slices } = await kernel.read(path, from, length)
    const endedMs = clock.elapsedMs
    this.#readMs.add(endedMs - startedMs)
    const { node } = process
    this.#init.onRead?.({ node, path, from, length, slices, attributes, startedMs, endedMs })
  }
}

const UNFINISHED = { finishedMs: undefined, isDead: false, failures: 0 } as const
