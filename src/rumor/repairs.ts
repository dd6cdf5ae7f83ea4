// What is missing of a life is asked for until it is here, or certain to be lost.
import type { PeerId, Rumor } from '../ports/messages.ts'
import type { Network } from '../ports/network.ts'
import type { Counters } from '../base/counters.ts'
import { KEPT, type Life, type PublisherLog } from './publisher-log.ts'

/** Rumors overtake each other; a gap is believed only after this long. */
const REORDER_MS = 100
const RETRY_MS = 500
/** After so many failed repairs the gap counts as lost. */
const TRIES = 6

export type RepairsInit = {
  readonly network: Network
  readonly counters: Counters
  readonly self: PeerId
  readonly somePeer: () => PeerId | undefined
  /** Calls back later, unless the room has stopped. */
  readonly after: (delayMs: number, callback: () => void) => void
  /** Applies a rumor that was missing, and keeps it. */
  readonly take: (log: PublisherLog, rumor: Rumor) => void
  readonly forgetEverything: (why: string) => void
}

type Repair = { readonly log: PublisherLog; readonly from: PeerId; readonly tries: number }

export class Repairs {
  readonly #init: RepairsInit
  readonly #underWay = new Set<PublisherLog>()

  constructor(init: RepairsInit) {
    this.#init = init
  }

  /** Publishers of whom something is being asked for. */
  get size(): number {
    return this.#underWay.size
  }

  /** Sees to what is missing: soon by asking, at once where nobody can have it any more. */
  catchUp(log: PublisherLog, from: PeerId): void {
    if (log.isLost) {
      this.#init.forgetEverything(`rumors of ${log.publisher} are older than what is kept`)
      log.skipTo(log.newest - KEPT)
    }
    if (this.#underWay.has(log) || log.gap() === undefined) return
    this.#underWay.add(log)
    this.#init.after(REORDER_MS, () => void this.#repair({ log, from, tries: 0 }))
  }

  /**
   * Brings what is missing up to a number from its publisher at once, for somebody who waits. True where
   * nothing is missing then.
   */
  async fill(log: PublisherLog, upTo: number): Promise<boolean> {
    const { publisher, epoch } = log
    const { self, somePeer } = this.#init
    // What this node told in a life before it has forgotten itself.
    const peer = publisher === self ? (somePeer() ?? publisher) : publisher
    log.noteNewest(upTo)
    for (let gap = log.gap(); gap !== undefined && gap.from <= upTo; gap = log.gap()) {
      if (log.isLost) return false
      const found = await this.#askFor(peer, { publisher, epoch, ...gap })
      for (const rumor of found) this.#init.take(log, rumor)
      if (found.length > 0 || log.gap()?.from !== gap.from) continue
      this.catchUp(log, peer)
      return false
    }
    return true
  }

  /** Asks for the first gap until none is left; who told us first, then the publisher, then anyone. */
  async #repair(task: Repair): Promise<void> {
    const { log, from, tries } = task
    const gap = log.gap()
    if (gap === undefined) {
      this.#underWay.delete(log)
      return
    }
    const { publisher, epoch } = log
    const peer = [from, publisher, this.#init.somePeer() ?? publisher][tries % 3] as PeerId
    const found = await this.#askFor(peer, { publisher, epoch, ...gap })
    for (const rumor of found) this.#init.take(log, rumor)
    const isLost = found.length === 0 && tries + 1 >= TRIES
    if (isLost) {
      this.#init.forgetEverything(`rumors ${gap.from} to ${gap.to} of ${publisher} are lost`)
      log.skipTo(gap.to)
    }
    const isOver = isLost || found.length > 0
    const next = { log, from, tries: isOver ? 0 : tries + 1 }
    this.#init.after(isOver ? 1 : RETRY_MS, () => void this.#repair(next))
  }

  async #askFor(
    peer: PeerId,
    gap: Life & { readonly from: number; readonly to: number },
  ): Promise<readonly Rumor[]> {
    this.#init.counters.add('rumor_repairs_total')
    try {
      const reply = await this.#init.network.request(peer, { type: 'repair', ...gap })
      if (reply.type !== 'rumors') return []
      return reply.rumors.filter(
        (rumor) =>
          rumor.publisher === gap.publisher &&
          rumor.epoch === gap.epoch &&
          rumor.number >= gap.from &&
          rumor.number <= gap.to,
      )
    } catch {
      // The peer is gone or busy: the next try asks another one.
      return []
    }
  }
}
