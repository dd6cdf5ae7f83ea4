// How often each inode is used in the whole mesh. Every second a node tells the next one towards an inode's
// place (the key of its first block) what it knows of it: its own rate and what others reported to it. So
// rates add up along the same trees by which blocks are fetched, over the same connections; who has nobody
// closer has the sum, and answers tell it back down. A lost report costs a second, so none is repeated.
import type { HeatAnswer, HeatQuestion, InodeRate } from '../../ports/heat/heat-messages.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Inode, Path, PeerId } from '../../ports/messages.ts'
import type { Network } from '../../ports/network.ts'
import type { Random } from '../../ports/random.ts'
import type { Counters } from '../../base/counters.ts'
import { keyOf } from '../../block/key.ts'
import { ReportedRates } from '../../heat/rates/reported-rates.ts'
import { Uses } from '../../heat/rates/uses.ts'
import type { HotListInit } from '../../heat/rates/hot-list.ts'
import type { PeerTable } from '../../placement/peer-table.ts'

export const REPORT_MS = 1_000
/** What was reported holds over so many lost reports. */
const REPORT_LIFE_MS = 3.5 * REPORT_MS
/** Of its own a node reports so many, and so many of its own and others' together. */
const OWN_MAX = 32
const PASSED_MAX = 256
const PASSED_A_PEER = 128
/** Volumes of which rates are gathered: those that are here, and so many with those that are not. */
const VOLUMES_MAX = 256

export type RateMeshInit = {
  readonly clock: Clock
  readonly random: Random
  readonly network: Network
  readonly table: PeerTable
  readonly counters: Counters
  readonly uses: HotListInit
  /** See `UsesPorts`. */
  readonly isTight: () => boolean
  /** Accesses a second: what is used more rarely is not spoken of. */
  readonly reportAbove: number
}

/** One whose rate in the mesh is known here, since nobody is closer to its place. */
export type Total = InodeRate & { readonly volume: string }

type Known = { readonly perSecond: number; readonly untilMs: number }
type VolumeRates = {
  readonly uses: Uses
  readonly reported: ReportedRates
  /** In the whole mesh, as others say. */
  readonly mesh: Map<Inode, Known>
  isHere: boolean
}

export class RateMesh {
  readonly #init: RateMeshInit
  readonly #volumes = new Map<string, VolumeRates>()

  constructor(init: RateMeshInit) {
    this.#init = init
  }

  usesOf(volume: string): Uses {
    const rates = this.#of(volume)
    rates.isHere = true
    return rates.uses
  }

  /** Accesses a second in the mesh, or at least those that this node knows of. */
  meshRate(volume: string, inode: Inode): number {
    const rates = this.#volumes.get(volume)
    if (rates === undefined) return 0
    const now = this.#init.clock.now()
    const known = rates.mesh.get(inode)
    const here = rates.uses.list.rateOf(inode, now) + rates.reported.sumOf(inode)
    return Math.max(here, known !== undefined && known.untilMs > now ? known.perSecond : 0)
  }

  /** Takes in what a peer reports, and says what is known. */
  answer(from: PeerId, { volume, rates }: HeatQuestion & { readonly step: 'rates' }): HeatAnswer {
    const untilMs = this.#init.clock.now() + REPORT_LIFE_MS
    // Of volumes that are not here, too: this node may lie in the middle of their trees.
    if (this.#volumes.has(volume) || this.#volumes.size < VOLUMES_MAX) {
      const { reported } = this.#of(volume)
      for (const rate of rates) reported.take(from, rate, untilMs)
    }
    return { step: 'rates', perSecond: rates.map(({ inode }) => this.meshRate(volume, inode)) }
  }

  /** Tells the next ones what is known here. @returns what this node is the last to hear of */
  report(): Total[] {
    return [...this.#volumes].flatMap(([volume, rates]) => this.#reportOf(volume, rates))
  }

  /** The hottest of those that are used here. */
  *hottest(count: number): Generator<Total> {
    const now = this.#init.clock.now()
    for (const [volume, { uses }] of this.#volumes) {
      for (const { use, perSecond } of uses.list.top(count, now)) {
        yield { volume, inode: use.inode, path: use.path, perSecond }
      }
    }
  }

  #reportOf(volume: string, rates: VolumeRates): Total[] {
    const { table, clock } = this.#init
    this.#sweep(volume, rates, clock.now())
    const totals: Total[] = []
    const ways = new Map<PeerId, InodeRate[]>()
    for (const rate of this.#gathered(rates)) {
      const key = keyOf({ volume, inode: rate.inode, kind: 'data', index: 0, splits: 0 })
      const hop = table.nextHop(key)
      if (hop === undefined) totals.push({ volume, ...rate })
      else ways.set(hop.peer, [...(ways.get(hop.peer) ?? []), rate])
    }
    for (const [peer, all] of ways) void this.#tell(peer, volume, all.slice(0, PASSED_A_PEER))
    return totals
  }

  /** The hottest first. */
  #gathered({ uses, reported }: VolumeRates): InodeRate[] {
    const { clock, reportAbove } = this.#init
    const now = clock.now()
    const found = new Map<Inode, InodeRate>()
    const add = (inode: Inode, path: Path) => {
      if (found.has(inode)) return
      const perSecond = uses.list.rateOf(inode, now) + reported.sumOf(inode)
      if (perSecond >= reportAbove) found.set(inode, { inode, path, perSecond })
    }
    for (const { use } of uses.list.top(OWN_MAX, now, reportAbove)) add(use.inode, use.path)
    for (const { inode, path } of reported.inodes()) add(inode, path)
    return [...found.values()].sort((a, b) => b.perSecond - a.perSecond).slice(0, PASSED_MAX)
  }

  async #tell(peer: PeerId, volume: string, rates: readonly InodeRate[]): Promise<void> {
    const { network, counters, clock } = this.#init
    counters.add('heat_reports_total')
    try {
      const question: HeatQuestion = { step: 'rates', volume, rates }
      const reply = await network.request(peer, { type: 'heat', question })
      if (reply.type !== 'heat' || reply.answer.step !== 'rates') return
      const untilMs = clock.now() + REPORT_LIFE_MS
      const mesh = this.#volumes.get(volume)?.mesh
      for (const [i, perSecond] of reply.answer.perSecond.entries()) {
        const inode = rates[i]?.inode
        if (inode !== undefined) mesh?.set(inode, { perSecond, untilMs })
      }
    } catch {
      // The next report goes another way, once the peer is known to be gone.
      counters.add('heat_reports_failed_total')
    }
  }

  #sweep(volume: string, { reported, mesh, isHere }: VolumeRates, nowMs: number): void {
    reported.sweep(nowMs)
    for (const [inode, { untilMs }] of mesh) if (untilMs <= nowMs) mesh.delete(inode)
    if (!isHere && reported.size === 0 && mesh.size === 0) this.#volumes.delete(volume)
  }

  #of(volume: string): VolumeRates {
    const known = this.#volumes.get(volume)
    if (known !== undefined) return known
    const uses = new Uses(this.#init, this.#init.uses)
    const mesh = new Map<Inode, Known>()
    const made: VolumeRates = { uses, reported: new ReportedRates(), mesh, isHere: false }
    this.#volumes.set(volume, made)
    return made
  }
}
