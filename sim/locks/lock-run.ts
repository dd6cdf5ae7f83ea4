// One seed of locks: processes on all nodes lock, add and unlock while faults happen; then the faults
// are over, and after a while every living node must be able to lock everything again. Files and
// the source play no part in it.
import { type Faults, PROFILES } from '../faults/faults.ts'
import { unleash, worldFor } from '../faults/unleash.ts'
import type { Violation } from '../watch/checker.ts'
import { type NodeInside, World } from '../world.ts'
import type { WorldNode } from '../world-node.ts'
import { Exclusion } from './exclusion.ts'
import { LOCKED_VOLUME, lockProgram, LockTally } from './lock-program.ts'

/** The first roll is made before anything befalls anybody: see src/lock/roll/founding.ts. */
const FOUNDED_MS = 3_000
/** Leases that nobody renews end, and who was cut off comes back. */
const RECOVERY_MS = 45_000
const LAST_LOCK_MS = 20_000
/** Who comes later finds a mesh, or is cut off from it: see src/lock/roll/founding.ts, too. */
const NEVER_MS = 3_600_000
const OWNERS = 2
const INODES = ['11', '12', '13', '14']

/** Cuts and hangs longer than a lease, deaths of all kinds, messages lost; the source is left alone. */
export const LOCK_FAULTS: Faults = {
  ...PROFILES.many,
  forMs: 60_000,
  longestMs: 30_000,
  spared: 0,
  bounce: 0.5,
  hang: 0.4,
  loss: 0.003,
  sourceStall: 0,
  sourceError: 0,
  sourceHang: 0,
}

export type LockRun = {
  readonly seed: number
  readonly nodes: number
  readonly faults: Faults
  /** Share of the locks that are held longer than a lease lasts. @default 0.01 */
  readonly longHolds?: number
  /** Puts something broken into the world: for the canaries. */
  readonly spoil?: {
    readonly inside?: (inside: NodeInside, node: WorldNode) => NodeInside
    readonly world?: (world: World) => void
  }
}

export type LockRunResult = {
  readonly violations: readonly Violation[]
  readonly tally: LockTally
  /** Questions about locks that crossed the network, of all nodes that live at the end. */
  readonly questions: number
  readonly elapsedMs: number
  readonly hash: string
}

export async function runLocks(run: LockRun): Promise<LockRunResult> {
  const { seed, nodes, faults, spoil, longHolds = 0.01 } = run
  const world = new World({
    seed,
    nodes,
    ...worldFor(faults, { seed, nodes }),
    instrument: ({ ports, init }, node) => {
      const isFirst = node.epoch === 1 && node.index < nodes
      const locking = { ...init, hasLocks: true }
      const told = { ports, init: isFirst ? locking : { ...locking, foundAfterMs: NEVER_MS } }
      return spoil?.inside?.(told, node) ?? told
    },
  })
  const exclusion = new Exclusion(world, LOCKED_VOLUME)
  const tally = new LockTally()
  const init = { world, exclusion, tally, inodes: INODES, longHolds }
  await world.start()
  await world.run(() => world.sleep(FOUNDED_MS))
  spoil?.world?.(world)
  const random = world.random.fork('lock programs')
  const untilMs = world.clock.elapsedMs + faults.forMs
  const programs = world.nodes.flatMap((node) =>
    Array.from({ length: OWNERS }, (_, i) => {
      const who = { node, owner: BigInt(i + 1), random: random.fork(`${node.index} ${i}`) }
      return lockProgram(init, who, untilMs)
    }),
  )
  await world.run(() => Promise.all([unleash(world, faults), ...programs]))
  await world.run(() => world.sleep(RECOVERY_MS))
  const late = await world.run(() => lastLocks(world))
  const violations = [...exclusion.violations, ...late]
  const questions = sumOf(world, 'lock_questions_total')
  const hash = world.hash()
  await world.stop()
  return { violations, tally, questions, elapsedMs: world.clock.elapsedMs, hash }
}

/** Every living node takes every lock, one node after another. */
async function lastLocks(world: World): Promise<Violation[]> {
  const violations: Violation[] = []
  for (const node of world.nodes) {
    if (!node.isLiving) continue
    for (const inode of INODES) {
      const work = lockAndUnlock(node, inode)
      const isDone = await Promise.race([
        work.then(
          () => true,
          (error: unknown) => String(error),
        ),
        world.sleep(LAST_LOCK_MS).then(() => 'nothing'),
      ])
      if (isDone === true) continue
      const what = `node ${node.index} can't lock ${inode} when all is well: ${isDone}`
      violations.push({ checker: 'available', atMs: world.clock.elapsedMs, what })
    }
  }
  return violations
}

async function lockAndUnlock({ mesh }: WorldNode, inode: string): Promise<void> {
  const range = { kind: 'write', from: 0, to: Infinity, owner: 9n, pid: 9, isFlock: false } as const
  await mesh.locks.lock(LOCKED_VOLUME, inode, { range, wait: true })
  await mesh.locks.lock(LOCKED_VOLUME, inode, { range: { ...range, kind: 'none' }, wait: false })
}

function sumOf(world: World, counter: string): number {
  const living = world.nodes.filter((node) => node.isLiving)
  return living.reduce((sum, node) => sum + (node.status().counters[counter] ?? 0), 0)
}
