// What peers report of inodes whose rates this node gathers: it lies on their way to the node that is
// closest to the inode's place, as for a want. So the rates of all nodes add up along a tree, nobody
// hears from everybody, and the sum is at its root within a few reports.
import type { InodeRate } from '../../ports/heat/heat-messages.ts'
import type { Inode, Path, PeerId } from '../../ports/messages.ts'

const INODES_MAX = 4_096
const REPORTERS_MAX = 256

type Report = { readonly perSecond: number; readonly untilMs: number }
type Reported = { path: Path; readonly by: Map<PeerId, Report> }

export class ReportedRates {
  readonly #reported = new Map<Inode, Reported>()

  get size(): number {
    return this.#reported.size
  }

  /** A peer's newest report takes the place of its last one, and is forgotten at `untilMs`. */
  take(from: PeerId, { inode, path, perSecond }: InodeRate, untilMs: number): void {
    const known = this.#reported.get(inode)
    if (known === undefined && this.#reported.size >= INODES_MAX) return
    const reported: Reported = known ?? { path, by: new Map() }
    if (reported.by.size >= REPORTERS_MAX && !reported.by.has(from)) return
    reported.path = path
    reported.by.set(from, { perSecond, untilMs })
    this.#reported.set(inode, reported)
  }

  /** Accesses a second of all who reported lately. */
  sumOf(inode: Inode): number {
    let sum = 0
    for (const { perSecond } of this.#reported.get(inode)?.by.values() ?? []) sum += perSecond
    return sum
  }

  *inodes(): Generator<{ readonly inode: Inode; readonly path: Path }> {
    for (const [inode, { path }] of this.#reported) yield { inode, path }
  }

  /** Forgets whom nothing was heard from. */
  sweep(nowMs: number): void {
    for (const [inode, { by }] of this.#reported) {
      for (const [peer, { untilMs }] of by) if (untilMs <= nowMs) by.delete(peer)
      if (by.size === 0) this.#reported.delete(inode)
    }
  }
}
