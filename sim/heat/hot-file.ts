// A file that turns hot on all nodes, while one of them reads everything else, and then cools.
import type { Path } from '../../src/ports/messages.ts'
import type { HotFile as Seen } from '../../src/node/heat/heat-status.ts'
import type { World } from '../world.ts'
import type { WorldNode } from '../world-node.ts'
import type { HeatSampleOf } from './heat-result.ts'

const WATCH_MS = 500
const COOLING_WATCH_MS = 5_000
const HOT_MS = 30_000
/** Each node uses the hot file so often, on average, at moments that have nothing to do with each other. */
const HOT_EVERY_MS = 500
const PATIENCE_MS = 900_000

export type HotFileInit = {
  readonly world: World
  readonly path: Path
  readonly blocks: number
  readonly read: (node: WorldNode, path: Path) => Promise<void>
  /** Reads of files that are used once. */
  readonly scan: () => Promise<void>
}

export class HotFile {
  readonly curve: HeatSampleOf[] = []
  readonly #init: HotFileInit
  readonly #startMs: number

  constructor(init: HotFileInit) {
    this.#init = init
    this.#startMs = init.world.clock.elapsedMs
  }

  /** All nodes use it for a while, and in the middle of that one scans. */
  async heatUp() {
    const { world, scan } = this.#init
    const before = this.#sourceReads()
    const random = world.random.fork('hot')
    const users = world.nodes.map((node) => this.#use(node, random.fork(`${node.index}`)))
    const scanning = async () => {
      await world.sleep(HOT_MS / 2)
      await scan()
    }
    const work = { isOver: false }
    const [watched] = await world.run(() =>
      Promise.all([
        this.#watch(work),
        Promise.all([...users, scanning()]).finally(() => (work.isOver = true)),
      ]),
    )
    return { ...watched, copies: this.#copies(), hotSourceReads: this.#sourceReads() - before }
  }

  /** Nobody uses it any more. @returns when no node had it pinned, in milliseconds */
  async coolDown(): Promise<number> {
    const { world } = this.#init
    const startMs = world.clock.elapsedMs
    await world.run(async () => {
      while (this.#look().nodes > 0 && world.clock.elapsedMs < startMs + PATIENCE_MS) {
        await world.sleep(COOLING_WATCH_MS)
      }
    })
    return world.clock.elapsedMs - startMs
  }

  async #watch(work: { readonly isOver: boolean }) {
    const { world, blocks: ofFile } = this.#init
    let pinnedAfterMs = Infinity
    let [lost, most] = [0, 0]
    while (!work.isOver) {
      const { nodes, blocks, atMs } = this.#look()
      const isWhole = nodes === world.nodes.length && blocks >= ofFile
      if (isWhole) pinnedAfterMs = Math.min(pinnedAfterMs, atMs)
      // Hotter still, it is held by more nodes: never by fewer.
      lost = Math.max(lost, most - blocks)
      most = Math.max(most, blocks)
      await world.sleep(WATCH_MS)
    }
    return { pinnedAfterMs, lostInScan: lost }
  }

  async #use(node: WorldNode, random: { next(): number }): Promise<void> {
    const { world, read, path } = this.#init
    while (world.clock.elapsedMs < this.#startMs + HOT_MS) {
      await world.sleep(-Math.log(1 - random.next()) * HOT_EVERY_MS)
      await read(node, path)
    }
  }

  /** What `potluck heat` says of it on all nodes. */
  #look(): HeatSampleOf {
    const seen = this.#seen()
    const pinned = seen.filter(({ pinnedFor }) => pinnedFor.length > 0)
    const sample = {
      atMs: this.#init.world.clock.elapsedMs - this.#startMs,
      nodes: pinned.length,
      blocks: seen.reduce((sum, { blocksHeld }) => sum + blocksHeld, 0),
      perSecond: Math.max(0, ...seen.map(({ meshPerSecond }) => meshPerSecond)),
    }
    this.curve.push(sample)
    return sample
  }

  #copies(): number {
    return Math.min(...this.#seen().map(({ copies }) => copies))
  }

  #seen(): Seen[] {
    const { world, path } = this.#init
    return world.nodes.flatMap(
      ({ mesh }) => mesh.heat?.status().files.find((file) => file.path === path) ?? [],
    )
  }

  #sourceReads(): number {
    const { world, path } = this.#init
    const number = String(world.tree.find(path).number)
    let reads = 0
    for (const [block, count] of world.storage.blockReads) {
      if (block.split('@')[0] === number) reads += count
    }
    return reads
  }
}
