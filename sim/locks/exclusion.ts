// The checker of locks: what is held, seen from above, at every moment and in true time. A process
// relies on a lock from the moment it has it until it begins to let go, its node dies, or its node knows
// that the lock is lost. Two that exclude each other may never be relied on at once.
import type { LockRange } from '../../src/ports/changes.ts'
import type { Inode } from '../../src/ports/messages.ts'
import type { Violation } from '../watch/checker.ts'
import type { World } from '../world.ts'
import type { WorldNode } from '../world-node.ts'

export type Hold = {
  readonly node: WorldNode
  readonly epoch: number
  readonly inode: Inode
  readonly range: LockRange
}

export class Exclusion {
  readonly violations: Violation[] = []
  readonly #world: World
  readonly #volume: string
  readonly #held = new Map<Inode, Set<Hold>>()
  /** Of each inode, what everybody adds to under a lock. */
  readonly #counters = new Map<Inode, number>()

  constructor(world: World, volume: string) {
    this.#world = world
    this.#volume = volume
  }

  /** A process has just been given a lock. */
  taken(hold: Hold): void {
    const others = this.#held.get(hold.inode) ?? new Set<Hold>()
    this.#held.set(hold.inode, others)
    for (const other of others) {
      if (!this.isReliedOn(other)) others.delete(other)
      else if (excludes(hold, other)) this.#say(`${text(hold)} and ${text(other)} at once`)
    }
    others.add(hold)
  }

  /** It is about to let go. */
  released(hold: Hold): void {
    this.#held.get(hold.inode)?.delete(hold)
  }

  isReliedOn({ node, epoch, inode }: Hold): boolean {
    const isSameLife = node.isLiving && node.epoch === epoch
    return isSameLife && !node.mesh.locks.isLost(this.#volume, inode)
  }

  counter(inode: Inode): number {
    return this.#counters.get(inode) ?? 0
  }

  /** What was read under the lock, plus one. */
  write(hold: Hold, value: number): void {
    const now = this.counter(hold.inode)
    if (value !== now + 1) this.#say(`${text(hold)} wrote ${value} over ${now}`)
    this.#counters.set(hold.inode, value)
  }

  #say(what: string): void {
    this.violations.push({ checker: 'exclusion', atMs: this.#world.clock.elapsedMs, what })
  }
}

function excludes(a: Hold, b: Hold): boolean {
  const isSameOwner = a.node === b.node && a.range.owner === b.range.owner
  const isApart = a.range.to < b.range.from || b.range.to < a.range.from
  const isShared = a.range.kind === 'read' && b.range.kind === 'read'
  return !isSameOwner && !isApart && !isShared && a.range.isFlock === b.range.isFlock
}

function text({ node, epoch, inode, range }: Hold): string {
  const { kind, from, to, owner } = range
  return `node ${node.index} (life ${epoch}) owner ${owner}: ${kind} ${inode} ${from}-${to}`
}
