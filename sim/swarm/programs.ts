// What runs on the nodes of a swarm: readers of whole files, holders of open files, and now and then
// somebody who changes, makes, moves or removes a file, and says so, or does not.
import type { Path } from '../../src/ports/messages.ts'
import type { Random } from '../../src/ports/random.ts'
import { below, pick } from '../engine/draws.ts'
import type { History } from '../watch/history.ts'
import type { Watch } from '../watch/watch.ts'
import type { World } from '../world.ts'
import type { WorldNode } from '../world-node.ts'
import { heldFile } from './held-file.ts'
import type { Tally } from './tally.ts'

export type ProgramInit = {
  readonly world: World
  readonly watch: Watch
  readonly history: History
  readonly tally: Tally
  /** The names that programs know of, there or not. */
  readonly names: readonly Path[]
  /** Share of what programs do that changes files. */
  readonly changes: number
}

/** On average between two things that one program does. */
const THINK_MS = 150
const HOLDS = 0.05
const SIZE_MAX = 60_000

/** Reads and changes files on one node until then, in all its lives. */
export async function program(
  init: ProgramInit,
  node: WorldNode,
  { random, untilMs }: { readonly random: Random; readonly untilMs: number },
): Promise<void> {
  const { world, names, changes } = init
  const isOver = () => world.clock.elapsedMs >= untilMs
  while (!isOver()) {
    await world.sleep(random.next() * 2 * THINK_MS)
    if (!node.isLiving) continue
    const drawn = random.next()
    const path = pick(random, names)
    if (drawn < changes) await change(init, node, { path, random })
    else if (drawn < changes + HOLDS) await heldFile(init, node, { path, times: 5 })
    else await readFile(init, node, path)
  }
}

/** Reads one file as a program does, every byte of it. */
export async function readFile(init: ProgramInit, node: WorldNode, path: Path): Promise<void> {
  const { world, watch, tally } = init
  const read = await watch.read({ node, path }, async () => {
    const { slices } = await node.readFile(path)
    return Buffer.concat(slices)
  })
  tally.count(read, world)
}

/** Half of all changes are told, as a well-behaved writer does; the others must be found out. */
async function change(
  { world, history, names }: ProgramInit,
  node: WorldNode,
  { path, random }: { readonly path: Path; readonly random: Random },
): Promise<void> {
  const changed = [path]
  const kind = random.next()
  const other = pick(random, names)
  if (world.tree.at(path) === undefined) history.create(path, 64 + below(random, SIZE_MAX))
  else if (kind < 0.7) history.write(path)
  else if (kind < 0.85 || other === path) history.remove(path)
  else {
    history.rename(path, other)
    changed.push(other)
  }
  if (random.next() < 0.5) return
  try {
    for (const name of changed) await node.invalidate(name)
  } catch {
    // It died over it, or can't reach anybody: then revalidation is what makes the change known.
    return
  }
}
