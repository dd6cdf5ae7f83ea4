// What the mesh tests share: a small software tree on the simulated storage, and readers that
// compare every byte with it.
import assert from 'node:assert/strict'
import type { Path } from '../../../src/ports/messages.ts'
import { pickSome } from '../../../sim/engine/draws.ts'
import { createWorld, type World, type WorldInit } from '../../../sim/world.ts'
import type { SimTree } from '../../../sim/storage/tree.ts'
import type { WorldNode } from '../../../sim/world-node.ts'

export const BLOCK_BYTES = 16 * 1024

/** 200 files in 20 directories, of no bytes up to four blocks; about 5 MB. */
export function library(tree: SimTree): void {
  for (let d = 0; d < 20; d++) {
    for (let f = 0; f < 10; f++) {
      const size = ((d * 10 + f) * 7919) % (4 * BLOCK_BYTES)
      tree.makeFile(`lib/pkg${d}/mod${f}.py`, { size })
    }
  }
}

/** A world over `library` with real bytes, so that whatever is read can be compared. */
export function meshOf(nodes: number, init: Partial<WorldInit> = {}): Promise<World> {
  const { volume, ...rest } = init
  return createWorld({
    seed: 1,
    nodes,
    tree: library,
    contents: 'real',
    volume: { blockBytes: BLOCK_BYTES, ...volume },
    ...rest,
  })
}

const drawn = new WeakMap<World, Map<string, Buffer>>()

/** The bytes of a file on the storage, now or in an earlier generation. */
export function truth(world: World, path: Path, generation?: number): Buffer {
  const file = world.tree.find(path)
  const isNow = (generation ?? file.generation) === file.generation
  if (file.bytes !== undefined && isNow) return Buffer.from(file.bytes)
  const extent = {
    inode: file.number,
    generation: generation ?? file.generation,
    from: 0,
    length: file.size,
  }
  const known = drawn.get(world) ?? new Map<string, Buffer>()
  drawn.set(world, known)
  const name = Object.values(extent).join(' ')
  const bytes = known.get(name) ?? Buffer.from(world.contents.bytes(extent))
  known.set(name, bytes)
  return bytes
}

export async function readBytes(node: WorldNode, path: Path): Promise<Buffer> {
  const { slices } = await node.readFile(path)
  return Buffer.concat(slices)
}

/** Reads these files one after another, and says how many were what the storage holds: all. */
export async function readAll(
  world: World,
  index: number,
  paths: readonly Path[],
): Promise<number> {
  const node = world.node(index)
  for (const path of paths) {
    const bytes = await readBytes(node, path)
    assert(bytes.equals(truth(world, path)), `${path} read wrong on node ${index}`)
  }
  return paths.length
}

/** All living nodes read all files, each in an order of its own. */
export function everyoneReads(world: World): Promise<number> {
  return livingRead(world, (index) => shuffled(world, index))
}

/** All living nodes read this one file. */
export function everyoneReadsOne(world: World, path: Path): Promise<number> {
  return livingRead(world, () => [path])
}

async function livingRead(world: World, paths: (index: number) => Path[]): Promise<number> {
  const living = world.nodes.filter((node) => node.isLiving)
  const counts = await Promise.all(living.map(({ index }) => readAll(world, index, paths(index))))
  return counts.reduce((sum, count) => sum + count, 0)
}

export function shuffled(world: World, index: number): Path[] {
  const files = world.tree.files()
  return pickSome(world.random.fork(`order ${index}`), files, files.length)
}

export type SourceLoad = {
  /** Reads of the source, divided by the blocks that were read at all. */
  readonly readsPerBlock: number
  readonly listsPerDirectory: number
  readonly blocks: number
  readonly directories: number
}

export function sourceLoad({ storage }: World): SourceLoad {
  const [reads, lists] = [[...storage.blockReads.values()], [...storage.lists.values()]]
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)
  return {
    readsPerBlock: sum(reads) / Math.max(1, reads.length),
    listsPerDirectory: sum(lists) / Math.max(1, lists.length),
    blocks: reads.length,
    directories: lists.length,
  }
}

/** A counter summed over all living nodes. */
export function total(world: World, counter: string): number {
  const living = world.nodes.filter((node) => node.isLiving)
  return living.reduce((sum, node) => sum + (node.status().counters[counter] ?? 0), 0)
}
