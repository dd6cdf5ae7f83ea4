// What kind of cluster a seed stands for: size of RAM, who has the source, how small files travel. The
// same nodes and faults meet other conditions with every seed.
import { pick } from '../engine/draws.ts'
import { SeededRandom } from '../engine/seeded-random.ts'
import type { HeatInit } from '../../src/node/heat/heat-status.ts'
import type { VolumeInit } from '../../src/node/mesh-node.ts'
import type { Faults } from '../faults/faults.ts'
import { worldFor } from '../faults/unleash.ts'
import type { SimTree } from '../storage/tree.ts'
import type { WorldInit } from '../world.ts'

export const BLOCK_BYTES = 16 * 1024

/** Directories of this many names or more are split. */
const MANY_NAMES = 2_100

export type Drawn = {
  readonly seed: number
  readonly nodes: number
  /** One node in so many has the source mounted. */
  readonly sourceEvery: number
  readonly ramBytes: number
  readonly inlineBytes: number
  readonly revalidateMs: number
  readonly files: number
  readonly hasLargeDirectory: boolean
  /** Undefined where uses are not counted. */
  readonly heat: HeatInit | undefined
}

/** Files of a run of seconds turn hot, are pinned, and are let go before its end. */
const QUICK_HEAT: HeatInit = { halfLifeMs: 2_000, pinAbove: 0.5, unpinBelow: 0.1, pinShare: 0.25 }

export function drawWorld(seed: number, nodes: number): Drawn {
  const random = new SeededRandom(seed).fork('kind')
  return {
    seed,
    nodes,
    sourceEvery: pick(random, [1, 1, 3, 8]),
    ramBytes: pick(random, [300_000, 1_000_000, 64_000_000]),
    inlineBytes: pick(random, [0, 0, 4_096]),
    revalidateMs: pick(random, [5_000, 30_000]),
    files: pick(random, [12, 24, 48]),
    hasLargeDirectory: random.next() < 0.15,
    heat: random.next() < 0.5 ? QUICK_HEAT : undefined,
  }
}

export function worldInit(
  drawn: Drawn,
  faults: Faults,
  volume: Pick<VolumeInit, 'coherence' | 'write'>,
): WorldInit {
  const { seed, nodes, ramBytes, inlineBytes, revalidateMs, sourceEvery, heat } = drawn
  return {
    seed,
    nodes,
    ramBytes,
    tree: (tree) => plant(tree, drawn),
    contents: 'real',
    volume: { blockBytes: BLOCK_BYTES, inlineBytes, revalidateMs, ...volume },
    ...(heat && { heat }),
    withSource: (index) => index % sourceEvery === 0,
    ...worldFor(faults, { seed, nodes }),
  }
}

/** Files of 64 bytes (enough to tell two apart) to four blocks. */
function plant(tree: SimTree, { files, hasLargeDirectory }: Drawn): void {
  for (let i = 0; i < files; i++) {
    tree.makeFile(`d${i % 4}/f${i}`, { size: 64 + ((i * 9973) % (4 * BLOCK_BYTES - 64)) })
  }
  // They are only there to be many: nobody reads them.
  const many = hasLargeDirectory ? MANY_NAMES : 0
  for (let i = 0; i < many; i++) tree.makeSymlink(`d0/many${i}`, 'nowhere')
}
