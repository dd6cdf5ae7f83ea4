// Runs a workload: all programs of all nodes, each node's behind its own kernel, in virtual time. A
// program whose node dies ends with it. It must never decide what a node reads: steps do.
import type { Attributes, Path } from '../../src/ports/messages.ts'
import type { Random } from '../../src/ports/random.ts'
import { codeOf } from '../../src/base/errors.ts'
import { between } from '../engine/draws.ts'
import type { World } from '../world.ts'
import { type Call, type CallResult, Calls } from './calls.ts'
import { Histogram, type Quantiles } from './histogram.ts'
import { Kernel, type KernelRead } from './kernel.ts'
import { PathTable } from './path-table.ts'
import { Program } from './program.ts'
import type { Way } from './way.ts'
import type { Workload } from './workload.ts'

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
  /** Programs start within this time of each other, drawn per node and again per program. */
  readonly jitterMs?: number
  /** Sees every read, with its bytes: kernels then keep what they cache, so for small worlds. */
  readonly onRead?: (observation: Observation) => void
}

export type NodeOutcome = {
  readonly node: number
  /** When its last program ended, in milliseconds since the run began; undefined while it has not. */
  readonly finishedMs: number | undefined
  /** Its life ended before its programs did. */
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
type Site = { readonly calls: Calls; readonly random: Random; readonly outcome: Outcome }

const UNFINISHED = { finishedMs: undefined, isDead: false, failures: 0 } as const

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

  /** Steps taken so far by all programs, `think` not counted. */
  get steps(): number {
    return this.#steps
  }

  /** Steps of all programs, about. */
  get stepsTotal(): number {
    const { stepsAProcess, processesANode } = this.#init.workload
    return stepsAProcess * processesANode * this.#outcomes.length
  }

  /** All programs of all living nodes, from their start to their end. */
  async all(): Promise<RunOutcome> {
    const living = this.#init.world.nodes.filter((node) => node.isLiving)
    await Promise.all(living.map((node) => this.node(node.index)))
    return this.outcome()
  }

  /** The programs of one node, for the life it has now: again after it came back. */
  async node(index: number): Promise<void> {
    const { world, way, onRead } = this.#init
    const kernel = new Kernel({
      access: way.access(world, index, this.paths),
      paths: this.paths,
      elapsedMs: () => world.clock.elapsedMs,
      keepsBytes: onRead !== undefined,
    })
    const calls = new Calls({ kernel, life: world.node(index).life, clock: world.clock })
    const outcome: Outcome = { node: index, ...UNFINISHED }
    this.#outcomes[index] = outcome
    await this.#programs({ calls, outcome, random: world.random.fork(`programs ${index}`) })
    kernel.close()
    outcome.isDead = calls.life.state === 'dead'
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

  #programs({ calls, outcome, random }: Site): Promise<void> {
    const { world, workload, jitterMs = 0 } = this.#init
    const nodeMs = between(random, 0, jitterMs)
    let running = workload.processesANode
    return new Promise((resolve) => {
      const onEnd = () => {
        running -= 1
        if (running === 0) resolve()
      }
      const onCached = (call: Call) => this.#cached(call)
      const onCall = (call: Call, result: CallResult, startedMs: number) => {
        this.#steps += 1
        if (result.type === 'failed') this.#failed(outcome, result.error)
        else if (call.kind === 'read')
          this.#read(call, startedMs, { ...result, node: outcome.node })
      }
      for (let index = 0; index < workload.processesANode; index++) {
        const process = { node: outcome.node, index, random: random.fork(String(index)) }
        const startMs = nodeMs + between(process.random, 0, jitterMs)
        const steps = workload.steps(process)[Symbol.iterator]()
        const { clock } = world
        const program = new Program({ clock, calls, steps, onCached, onCall, onEnd })
        clock.at(clock.elapsedMs + startMs, program.go)
      }
    })
  }

  /** An observer sees cached reads, too, so they are made. */
  #cached({ kind }: Call): boolean {
    if (kind === 'read') this.#cachedReads += 1
    if (kind === 'read' && this.#init.onRead !== undefined) return false
    this.#steps += 1
    return true
  }

  #failed(outcome: Outcome, error: unknown): void {
    if (this.#init.world.node(outcome.node).life.state === 'dead') return
    const code = codeOf(error)
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1)
    outcome.failures += 1
  }

  #read(
    { path, from, length }: Extract<Call, { kind: 'read' }>,
    startedMs: number,
    { read, node }: { readonly read: KernelRead | undefined; readonly node: number },
  ): void {
    const endedMs = this.#init.world.clock.elapsedMs
    this.#readMs.add(endedMs - startedMs)
    if (read === undefined) return
    this.#init.onRead?.({ node, path, from, length, ...read, startedMs, endedMs })
  }
}
