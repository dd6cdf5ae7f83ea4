import type { ProgramRead } from '../watch/checker.ts'
import type { World } from '../world.ts'
import type { WorldNode } from '../world-node.ts'

/** How the reads of a run ended, and of those that failed, with what. */
export class Tally {
  reads = 0
  absent = 0
  failed = 0
  slowestMs = 0
  /** Changes that were made, and counts under locks. */
  changes = 0
  counts = 0
  /** Of those that were not, by code. */
  readonly refusals = new Map<string, number>()
  /** By code and message, without what differs from one to the next. */
  readonly causes = new Map<string, number>()

  count(read: ProgramRead, world: World): void {
    this.reads += 1
    this.slowestMs = Math.max(this.slowestMs, read.endMs - read.startMs)
    if (read.outcome === 'absent') this.absent += 1
    if (read.outcome !== 'failed') return
    this.failed += 1
    const cause = `${causeOf(read)}${isCutOff(read.node, world) ? ' (no source in reach)' : ''}`
    this.causes.set(cause, (this.causes.get(cause) ?? 0) + 1)
  }

  refused(code: string): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
  }

  add(other: Tally): void {
    this.changes += other.changes
    this.counts += other.counts
    for (const [code, count] of other.refusals) {
      this.refusals.set(code, (this.refusals.get(code) ?? 0) + count)
    }
    this.reads += other.reads
    this.absent += other.absent
    this.failed += other.failed
    this.slowestMs = Math.max(this.slowestMs, other.slowestMs)
    for (const [cause, count] of other.causes) {
      this.causes.set(cause, (this.causes.get(cause) ?? 0) + count)
    }
  }
}

/** Whether nobody whom the node can hear has the source mounted. */
function isCutOff({ peer, index }: WorldNode, world: World): boolean {
  return !world.nodes.some((other) => {
    if (!world.hasSource(other.index)) return false
    return other.index === index || (other.isLiving && world.network.isReachable(peer, other.peer))
  })
}

function causeOf({ code, error }: Extract<ProgramRead, { outcome: 'failed' }>): string {
  const message = (error instanceof Error ? error.message : String(error))
    // Each peer that passed it on has said what kind of error it is.
    .replace(/PotluckError: /g, '')
  return `${code}: ${message.replace(/\bd\d+\/f\d+|\bd\d+\b/g, 'PATH').replace(/node-\d+-\w+/g, 'PEER')}`
}
