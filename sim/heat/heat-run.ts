// What heat is for, shown: a data set larger than any node's RAM and smaller than the mesh's is read once
// by all nodes together, then by each as it likes, some files far more often than others. Then a cold file
// turns hot on all nodes, one node reads everything in between, and the file cools.
//
// No kernel caches anything here: every read comes to the mesh, which is the hardest that programs can do to
// it. It must never look inside a node: what it says of pins is what `potluck heat` would say there.
import type { Path } from '../../src/ports/messages.ts'
import { HEAT, type HeatInit } from '../../src/node/heat/heat-status.ts'
import { ENTRY_BYTES } from '../../src/shard/shard.ts'
import { pinsKept } from '../checkers/pins-kept.ts'
import { shardBytes } from '../checkers/shard-bytes.ts'
import { between } from '../engine/draws.ts'
import { loadOf } from '../load.ts'
import { Watch } from '../watch/watch.ts'
import { dataset, datasetPath } from '../workloads/dataset.ts'
import { World } from '../world.ts'
import type { WorldNode } from '../world-node.ts'
import type { HeatRunInit, HeatRunResult } from './heat-result.ts'
import { HotFile } from './hot-file.ts'

const BLOCK_BYTES = 64 * 1024
const READERS_A_NODE = 4
/** Of a reader between two files. */
const THINK_MS = 200
const DRAWS = 512
const HOT: Path = 'cold/one'
const HOT_BLOCKS = 3
const SCANNED_MAX = 2_048

type Found = Pick<
  HeatRunResult,
  'pinnedAfterMs' | 'letGoAfterMs' | 'copies' | 'lostInScan' | 'hotSourceReads' | 'curve'
> & { readonly firstPass: number; readonly laterReads: number; readonly sent: readonly number[] }

/** @throws StallError where a read never ends */
export function runHeat(init: HeatRunInit): Promise<HeatRunResult> {
  return new HeatRun(init).run()
}

class HeatRun {
  readonly #init: HeatRunInit
  readonly #files: number
  readonly #ramBytes: number
  readonly #heat: HeatInit
  readonly #world: World
  readonly #watch = new Watch()
  #failures = 0

  constructor(init: HeatRunInit) {
    const { seed, nodes, blocksANode = 64, share = 0.8 } = init
    this.#init = init
    this.#files = Math.round(nodes * blocksANode * share)
    // What an entry costs besides its bytes is part of the RAM.
    this.#ramBytes = blocksANode * (BLOCK_BYTES + ENTRY_BYTES)
    this.#heat = { ...HEAT, ...init.heat }
    const workload = dataset(nodes, this.#shape())
    this.#world = new World({
      seed,
      nodes,
      ramBytes: this.#ramBytes,
      heat: this.#heat,
      volume: { blockBytes: BLOCK_BYTES, inlineBytes: 0, ahead: 'none' },
      tree: (tree) => {
        workload.build(tree)
        tree.makeFile(HOT, { size: HOT_BLOCKS * BLOCK_BYTES })
      },
      instrument: this.#watch.instrument,
    })
    this.#watch.begin(this.#world, [
      shardBytes({
        ramBytes: this.#ramBytes,
        pinnedBytes: Math.floor(this.#ramBytes * this.#heat.pinShare),
      }),
      pinsKept(),
    ])
  }

  async run(): Promise<HeatRunResult> {
    const world = this.#world
    const { onPhase, draws = DRAWS } = this.#init
    await world.start()
    onPhase?.('first pass')
    await this.#readBy('shuffled')
    const firstPass = this.#sourceReads()
    onPhase?.(`${draws} files a node`)
    const sentBefore = this.#sent()
    await this.#readBy('zipf')
    const laterReads = this.#sourceReads() - firstPass
    const sent = this.#sent().map((bytes, i) => bytes - (sentBefore[i] ?? 0))
    onPhase?.('a file turns hot')
    const hot = new HotFile({
      world,
      path: HOT,
      blocks: HOT_BLOCKS,
      read: (node, path) => this.#read(node, path),
      scan: () => this.#scan(),
    })
    const heated = await hot.heatUp()
    onPhase?.('it cools')
    const letGoAfterMs = await hot.coolDown()
    const { curve } = hot
    return this.#result({ firstPass, laterReads, sent, ...heated, letGoAfterMs, curve })
  }

  #shape() {
    return {
      files: this.#files,
      bytesAFile: BLOCK_BYTES,
      filesADirectory: 256,
      epochs: 1,
      processes: READERS_A_NODE,
      drawsANode: this.#init.draws ?? DRAWS,
      thinkMs: THINK_MS,
    }
  }

  /** All readers of all nodes, to their end. */
  async #readBy(order: 'shuffled' | 'zipf'): Promise<void> {
    const world = this.#world
    const workload = dataset(world.nodes.length, { ...this.#shape(), order })
    const random = world.random.fork(order)
    const readers = world.nodes.flatMap((node) =>
      Array.from({ length: READERS_A_NODE }, (_, index) => {
        const process = { node: node.index, index, random: random.fork(`${node.index} ${index}`) }
        return this.#reader(node, workload.steps(process))
      }),
    )
    await world.run(() => Promise.all(readers), { withinMs: 24 * 3_600_000 })
  }

  async #reader(
    node: WorldNode,
    steps: Iterable<{ kind: string; path?: Path; ms?: number }>,
  ): Promise<void> {
    for (const step of steps) {
      if (step.path !== undefined) await this.#read(node, step.path)
      else await this.#world.sleep(step.ms ?? 0)
    }
  }

  async #read(node: WorldNode, path: Path): Promise<void> {
    try {
      await node.readFile(path)
    } catch {
      this.#failures += 1
    }
  }

  /** One node reads a good part of everything, in order. */
  async #scan(): Promise<void> {
    const node = this.#world.node(0)
    const random = this.#world.random.fork('scan')
    for (let i = 0; i < Math.min(this.#files, SCANNED_MAX); i++) {
      await this.#read(node, datasetPath(i, this.#shape()))
      await this.#world.sleep(between(random, 0, 2))
    }
  }

  #sourceReads(): number {
    let reads = 0
    for (const count of this.#world.storage.blockReads.values()) reads += count
    return reads
  }

  #sent(): number[] {
    const { nodes, network } = this.#world
    return nodes.map(({ peer }) => network.traffic(peer).sent.bytes)
  }

  #result(found: Found): HeatRunResult {
    const { firstPass, laterReads, sent, ...hot } = found
    const { seed, nodes, draws = DRAWS } = this.#init
    const sentBytes = loadOf(sent)
    const { elapsedMs: virtualMs, ran: events } = this.#world.clock
    return {
      seed,
      nodes,
      blocks: this.#files,
      dataBytes: this.#files * BLOCK_BYTES,
      ramBytesANode: this.#ramBytes,
      firstPassReads: firstPass / this.#files,
      laterReads: laterReads / this.#files,
      sentBytes,
      busiest: sentBytes.max / sentBytes.mean,
      draws,
      ...hot,
      hotBlocks: HOT_BLOCKS,
      pinCapacityBytes: Math.floor(this.#ramBytes * this.#heat.pinShare),
      failures: this.#failures,
      violations: this.#watch.violations,
      virtualMs,
      events,
      hash: this.#world.hash(),
    }
  }
}
