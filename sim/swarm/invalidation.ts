// How long an invalidation takes to reach everybody, and that nobody reads what is out of date after it
// has: one file after another is read by all nodes, changed at the source, and said to have changed by
// a node drawn from the seed, while rumors get lost. Each node reads the file again at the very
// moment it has taken the news in.
import { heedsNews } from '../checkers/heeds-news.ts'
import { readsPerBlock } from '../checkers/source-reads.ts'
import { below } from '../engine/draws.ts'
import { lose } from '../network/rules.ts'
import type { Checker, ProgramRead, Violation } from '../watch/checker.ts'
import { History } from '../watch/history.ts'
import { Watch } from '../watch/watch.ts'
import { World } from '../world.ts'
import type { WorldNode } from '../world-node.ts'

const FILE_BYTES = 8_192
const FILES_A_DIRECTORY = 32
/** Nothing but news makes a node look again. */
const REVALIDATE_MS = 24 * 3_600_000
/** The longest that a heartbeat, and then a comparison of numbers, may take to show what was lost. */
const PATIENCE_MS = 300_000
const STEP_MS = 5

export type InvalidationInit = {
  readonly seed: string | number
  readonly nodes: number
  readonly rounds: number
  /** Share of rumors that are lost on their way to a node. */
  readonly loss: number
  readonly onRound?: (done: number) => void
  readonly signal?: AbortSignal
}

export type Spread = { readonly p50: number; readonly p99: number; readonly max: number }

export type InvalidationResult = {
  readonly nodes: number
  readonly rounds: number
  readonly loss: number
  /** From the change at the source until a node knew of it, in milliseconds. */
  readonly actedMs: Spread
  /** From the change until all nodes knew of it: of the rounds. */
  readonly allActedMs: Spread
  /** What the first read after the news took. */
  readonly readMs: Spread
  readonly neverActed: number
  readonly reads: number
  readonly staleReads: number
  readonly failedReads: number
  readonly perBlock: number
  readonly violations: readonly Violation[]
  readonly hash: string
}

/** @throws StallError where a read never ends */
export async function measureInvalidation(init: InvalidationInit): Promise<InvalidationResult> {
  return new Rounds(init).run()
}

class Rounds {
  readonly #init: InvalidationInit
  readonly #watch = new Watch()
  readonly #world: World
  readonly #history: History
  readonly #actedMs: number[] = []
  readonly #allActedMs: number[] = []
  readonly #reads: ProgramRead[] = []
  #neverActed = 0
  #stale = 0
  /** Told of each node that takes in news of the file of this round. */
  #onNews: (inode: string, node: WorldNode) => void = () => {}

  constructor(init: InvalidationInit) {
    this.#init = init
    const { seed, nodes, rounds } = init
    this.#world = new World({
      seed,
      nodes,
      contents: 'real',
      tree: (tree) => {
        for (let i = 0; i < rounds; i++) tree.makeFile(pathOf(i), { size: FILE_BYTES })
      },
      volume: { blockBytes: 16_384, revalidateMs: REVALIDATE_MS },
      instrument: this.#watch.instrument,
    })
    this.#history = new History(this.#world)
    const listener: Checker = {
      name: 'listener',
      acknowledged: ({ node }, inode) => this.#onNews(inode, node),
    }
    this.#watch.begin(this.#world, [heedsNews(this.#history), listener])
  }

  async run(): Promise<InvalidationResult> {
    const { rounds, loss, onRound, signal } = this.#init
    const world = this.#world
    const random = world.random.fork('rounds')
    await world.start()
    world.network.rules.push(lose(world.random.fork('loss'), loss, ['gossip']))
    let done = 0
    for (; done < rounds && signal?.aborted !== true; done++) {
      const path = pathOf(done)
      const teller = world.node(below(random, world.nodes.length))
      await world.run(() => Promise.all(world.nodes.map((node) => this.#read(node, path))))
      await world.run(() => this.#round(path, teller))
      onRound?.(done + 1)
    }
    return this.#result(done)
  }

  async #round(path: string, teller: WorldNode): Promise<void> {
    const world = this.#world
    const startMs = world.clock.elapsedMs
    const { number } = this.#history.write(path)
    const waiting = new Set(world.nodes)
    const reading: Promise<void>[] = []
    this.#onNews = (inode, node) => {
      if (inode !== String(number) || !waiting.delete(node)) return
      this.#actedMs.push(world.clock.elapsedMs - startMs)
      reading.push(this.#readAfter(node, path))
    }
    await teller.invalidate(path)
    while (waiting.size > 0 && world.clock.elapsedMs < startMs + PATIENCE_MS) {
      await world.sleep(STEP_MS)
    }
    this.#allActedMs.push(Math.max(...this.#actedMs.slice(-world.nodes.length)))
    this.#neverActed += waiting.size
    await Promise.all(reading)
  }

  async #readAfter(node: WorldNode, path: string): Promise<void> {
    // At the same instant, what was told may still be on its way through the node.
    await this.#world.sleep(0.001)
    const read = await this.#read(node, path)
    this.#reads.push(read)
    if (read.outcome !== 'read') return
    const newest = this.#world.tree.find(path).generation
    if (this.#history.stateOf(path, read.bytes)?.generation !== newest) this.#stale += 1
  }

  #read(node: WorldNode, path: string): Promise<ProgramRead> {
    return this.#watch.read({ node, path }, async () =>
      Buffer.concat((await node.readFile(path)).slices),
    )
  }

  #result(rounds: number): InvalidationResult {
    const { nodes, loss } = this.#init
    const failed = this.#reads.filter(({ outcome }) => outcome !== 'read')
    return {
      nodes,
      rounds,
      loss,
      actedMs: spreadOf(this.#actedMs),
      allActedMs: spreadOf(this.#allActedMs),
      readMs: spreadOf(this.#reads.map(({ startMs, endMs }) => endMs - startMs)),
      neverActed: this.#neverActed,
      reads: this.#reads.length,
      staleReads: this.#stale,
      failedReads: failed.length,
      perBlock: readsPerBlock(this.#world).perBlock,
      violations: this.#watch.violations,
      hash: this.#world.hash(),
    }
  }
}

function pathOf(round: number): string {
  return `d${Math.floor(round / FILES_A_DIRECTORY)}/f${round}`
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  return { p50: at(0.5) ?? 0, p99: at(0.99) ?? 0, max: at(1) ?? 0 }
}
