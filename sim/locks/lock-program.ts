// Processes on one node that lock parts of a few files, hold them for a while, add to a counter under
// the locks that exclude all others, and let go; some wait for their turn, some give up waiting.
import type { LockRange } from '../../src/ports/changes.ts'
import type { Random } from '../../src/ports/random.ts'
import { codeOf } from '../../src/base/errors.ts'
import { below, between, pick } from '../engine/draws.ts'
import type { World } from '../world.ts'
import type { WorldNode } from '../world-node.ts'
import type { Exclusion, Hold } from './exclusion.ts'

export const LOCKED_VOLUME = 'data'
const BYTES = 16
const HOLD_MS = 60
const LONG_HOLD_MS = 40_000
const THINK_MS = 300
const GIVES_UP_MS = 3_000
const LONGEST_WAIT_MS = 120_000

export class LockTally {
  taken = 0
  lost = 0
  slowestMs = 0
  /** By the code of what it failed with. */
  readonly failed = new Map<string, number>()

  failure(code: string): void {
    this.failed.set(code, (this.failed.get(code) ?? 0) + 1)
  }
}

export type LockProgramInit = {
  readonly world: World
  readonly exclusion: Exclusion
  readonly tally: LockTally
  readonly inodes: readonly string[]
  /** Share of the locks that are held longer than a lease lasts. */
  readonly longHolds: number
}

type Who = { readonly node: WorldNode; readonly owner: bigint; readonly random: Random }

/** Locks and unlocks until then, in all lives of the node. */
export async function lockProgram(init: LockProgramInit, who: Who, untilMs: number): Promise<void> {
  const { world } = init
  while (world.clock.elapsedMs < untilMs) {
    await world.sleep(who.random.next() * 2 * THINK_MS)
    if (who.node.isLiving && who.node.hasStarted) await lockOnce(init, who)
  }
}

/** Takes one lock, uses it, lets it go. */
async function lockOnce(init: LockProgramInit, who: Who): Promise<void> {
  const { world, exclusion, tally } = init
  const { node, random } = who
  const inode = pick(random, init.inodes)
  const hold: Hold = { node, epoch: node.epoch, inode, range: drawRange(who) }
  const startMs = world.clock.elapsedMs
  try {
    await node.life.within(take(init, who, hold))
  } catch (error) {
    tally.failure(codeOf(error))
    return
  }
  tally.taken += 1
  tally.slowestMs = Math.max(tally.slowestMs, world.clock.elapsedMs - startMs)
  exclusion.taken(hold)
  await use(init, hold, random)
  exclusion.released(hold)
  if (!node.isLiving || node.epoch !== hold.epoch) return
  if (node.mesh.locks.isLost(LOCKED_VOLUME, inode)) tally.lost += 1
  // What a process leaves locked, its end unlocks.
  const range = { ...hold.range, kind: 'none', from: 0, to: Infinity } as const
  await node.life
    .within(node.mesh.locks.lock(LOCKED_VOLUME, inode, { range, wait: false }))
    .catch((error: unknown) => tally.failure(`unlock ${codeOf(error)}`))
}

async function take({ world }: LockProgramInit, { node, random }: Who, hold: Hold): Promise<void> {
  const wait = random.next() < 0.5
  const stop = new AbortController()
  const patienceMs = random.next() < 0.3 ? GIVES_UP_MS * random.next() : LONGEST_WAIT_MS
  world.clock.after(patienceMs, () => stop.abort())
  const { signal } = stop
  const { inode, range } = hold
  await node.mesh.locks.lock(LOCKED_VOLUME, inode, { range, wait, signal })
}

async function use({ world, exclusion, longHolds }: LockProgramInit, hold: Hold, random: Random) {
  const value = exclusion.counter(hold.inode)
  const holdMs = random.next() < longHolds ? LONG_HOLD_MS : HOLD_MS
  await world.sleep(between(random, 0, holdMs))
  const isAlone = hold.range.kind === 'write' && hold.range.from === 0 && !hold.range.isFlock
  const canWrite = hold.node.life.state === 'running' && exclusion.isReliedOn(hold)
  if (isAlone && hold.range.to === Infinity && canWrite) exclusion.write(hold, value + 1)
}

function drawRange({ random, owner }: Who): LockRange {
  const kind = random.next() < 0.6 ? 'write' : 'read'
  const who = { kind, owner, pid: Number(owner) } as const
  const drawn = random.next()
  if (drawn < 0.15) return { ...who, from: 0, to: Infinity, isFlock: true }
  if (drawn < 0.6) return { ...who, from: 0, to: Infinity, isFlock: false }
  const from = below(random, BYTES)
  return { ...who, from, to: from + below(random, BYTES), isFlock: false }
}
