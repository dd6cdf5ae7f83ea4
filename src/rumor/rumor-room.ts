// What we tell everyone, and how nobody misses it for long.
//
// Gossip loses messages. Each publisher numbers its rumors, so a gap shows; a gap is asked for
// directly, from the publisher or from anyone else who heard; a gap that nobody can fill makes this
// node forget the cached volumes whole: slow, never stale. Heartbeats carry the newest number, so a lost
// *last* rumor shows too, and now and then a node compares numbers with a random peer, which
// covers a publisher that died.
// It must apply a rumor before it counts it as heard, and must never believe a stamp from the far future.
import type { Clock } from '../ports/clock.ts'
import type {
  Gossip,
  Invalidation,
  PeerId,
  Reply,
  Request,
  Rumor,
  RumorHead,
} from '../ports/messages.ts'
import type { Network } from '../ports/network.ts'
import type { Random } from '../ports/random.ts'
import type { Rumors } from '../ports/rumors.ts'
import type { Counters } from '../base/counters.ts'
import type { HybridClock } from '../block/stamp.ts'
import type { Log } from '../base/log.ts'
import { EVERYTHING } from './floors.ts'
import { KEPT, PublisherLog } from './publisher-log.ts'

/** Rumors overtake each other; a gap is believed only after this long. */
const REORDER_MS = 100
const REPAIR_RETRY_MS = 500
/** After so many failed repairs the gap counts as lost. */
const REPAIR_TRIES = 6
const HEARTBEAT_FIRST_MS = 500
const HEARTBEAT_LAST_MS = 60_000
const COMPARE_EVERY_MS = 10_000
const MAX_PUBLISHERS = 16_384
const MAX_IN_RUMOR = 256

export type RumorRoomInit = {
  readonly clock: Clock
  readonly random: Random
  readonly network: Network
  readonly rumors: Rumors
  readonly stamps: HybridClock
  readonly counters: Counters
  readonly self: PeerId
  readonly epoch: number
  /** Volumes of this node; what is said of others is passed over. */
  readonly volumes: ReadonlySet<string>
  /** A living peer at random, to compare numbers with. */
  readonly somePeer: () => PeerId | undefined
  /** Called for each invalidation, own ones too, possibly more than once. */
  readonly apply: (invalidation: Invalidation) => void
  readonly log?: Log | undefined
}

export class RumorRoom {
  readonly #init: RumorRoomInit
  readonly #logs = new Map<PeerId, PublisherLog>()
  readonly #own: PublisherLog
  readonly #cancels = new Set<() => void>()
  readonly #repairing = new Set<PeerId>()
  #unsent: Invalidation[] = []
  #heartbeatMs = HEARTBEAT_FIRST_MS
  #cancelHeartbeat: (() => void) | undefined
  #isStopped = false

  constructor(init: RumorRoomInit) {
    this.#init = init
    this.#own = new PublisherLog(init.epoch)
    this.#logs.set(init.self, this.#own)
    this.#cancels.add(init.rumors.subscribe((gossip, from) => this.#hear(gossip, from)))
    this.#compareLater()
  }

  /** Applies a change here and tells everyone; changes of one instant travel together. */
  publish(invalidations: readonly Invalidation[]): void {
    for (const invalidation of invalidations) this.#init.apply(invalidation)
    if (this.#unsent.length === 0) this.#after(1, () => this.#flush())
    this.#unsent.push(...invalidations)
  }

  /** Answers `heads` and `repair`. */
  answer(request: Request & { type: 'heads' | 'repair' }): Reply {
    if (request.type === 'heads') return { type: 'heads', heads: this.#heads() }
    const log = this.#logs.get(request.publisher)
    const isKnown = log !== undefined && log.epoch === request.epoch
    return { type: 'rumors', rumors: isKnown ? log.range(request.from, request.to) : [] }
  }

  /** Compares numbers with one peer at once, as a newcomer does. */
  async compareWith(peer: PeerId): Promise<void> {
    const reply = await this.#init.network.request(peer, { type: 'heads' })
    if (reply.type !== 'heads') return
    for (const head of reply.heads) this.#noteHead(head, peer)
  }

  stop(): void {
    this.#isStopped = true
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
    this.#cancelHeartbeat?.()
  }

  #heads(): RumorHead[] {
    const heads: RumorHead[] = []
    for (const [publisher, log] of this.#logs) {
      if (!log.isEmpty) heads.push({ publisher, epoch: log.epoch, number: log.newest })
    }
    return heads
  }

  #flush(): void {
    const { self, epoch, rumors, counters } = this.#init
    while (this.#unsent.length > 0) {
      const invalidations = this.#unsent.splice(0, MAX_IN_RUMOR)
      const rumor: Rumor = { publisher: self, epoch, number: this.#own.newest + 1, invalidations }
      this.#own.add(rumor)
      rumors.publish({ type: 'rumor', rumor })
      counters.add('rumors_published_total')
    }
    this.#heartbeatMs = HEARTBEAT_FIRST_MS
    this.#heartbeatLater()
  }

  #heartbeatLater(): void {
    this.#cancelHeartbeat?.()
    this.#cancelHeartbeat = this.#init.clock.after(this.#heartbeatMs, () => {
      const { self, epoch, rumors } = this.#init
      rumors.publish({ type: 'heartbeat', head: { publisher: self, epoch, number: this.#own.newest } })
      this.#heartbeatMs = Math.min(HEARTBEAT_LAST_MS, this.#heartbeatMs * 2)
      this.#heartbeatLater()
    })
  }

  #hear(gossip: Gossip, from: PeerId): void {
    if (gossip.type === 'heartbeat') this.#noteHead(gossip.head, from)
    else this.#take(gossip.rumor, from)
  }

  #take(rumor: Rumor, from: PeerId): void {
    const log = this.#logOf(rumor)
    if (log === undefined) return
    this.#greet(log, rumor.number - 1)
    this.#applyRumor(rumor)
    log.add(rumor)
    this.#repairLater(rumor.publisher, from)
  }

  #noteHead(head: RumorHead, from: PeerId): void {
    if (head.publisher === this.#init.self) return
    const log = this.#logOf(head)
    if (log === undefined) return
    this.#greet(log, head.number)
    log.noteNewest(head.number)
    this.#repairLater(head.publisher, from)
  }

  /** Of a publisher that is new to us, only what others still keep can matter. */
  #greet(log: PublisherLog, number: number): void {
    if (log.isEmpty) log.skipTo(Math.max(0, number - KEPT))
  }

  /** The log of a publisher's newest life; undefined for what comes from a former one. */
  #logOf(about: { publisher: PeerId; epoch: number }): PublisherLog | undefined {
    const known = this.#logs.get(about.publisher)
    if (known !== undefined && known.epoch >= about.epoch) {
      return known.epoch === about.epoch && known !== this.#own ? known : undefined
    }
    if (known === undefined && this.#logs.size >= MAX_PUBLISHERS) {
      this.#forgetEverything('more publishers than can be followed')
      return undefined
    }
    if (known === this.#own) return undefined
    const fresh = new PublisherLog(about.epoch)
    this.#logs.set(about.publisher, fresh)
    return fresh
  }

  #applyRumor(rumor: Rumor): void {
    this.#init.counters.add('rumors_heard_total')
    for (const invalidation of rumor.invalidations) {
      if (!this.#init.volumes.has(invalidation.volume)) continue
      if (!this.#init.stamps.witness(invalidation.stamp)) {
        this.#init.counters.add('rumors_disbelieved_total')
        continue
      }
      this.#init.apply(invalidation)
    }
  }

  #repairLater(publisher: PeerId, from: PeerId): void {
    if (this.#repairing.has(publisher) || this.#logs.get(publisher)?.gap() === undefined) return
    this.#repairing.add(publisher)
    this.#after(REORDER_MS, () => void this.#repair({ publisher, from, tries: 0 }))
  }

  /** Asks for the first gap until none is left; publisher first, then who told us, then anyone. */
  async #repair(task: { publisher: PeerId; from: PeerId; tries: number }): Promise<void> {
    const { publisher, from, tries } = task
    const log = this.#logs.get(publisher)
    const gap = log?.gap()
    if (this.#isStopped || log === undefined || gap === undefined) {
      this.#repairing.delete(publisher)
      return
    }
    const peer = [publisher, from, this.#init.somePeer() ?? publisher][tries % 3] as PeerId
    const found = await this.#askFor(peer, { publisher, epoch: log.epoch, ...gap })
    for (const rumor of found) {
      this.#applyRumor(rumor)
      log.add(rumor)
    }
    if (found.length === 0 && tries + 1 >= REPAIR_TRIES) {
      this.#forgetEverything(`rumors ${gap.from} to ${gap.to} of ${publisher} are lost`)
      log.skipTo(gap.to)
    }
    const next = found.length === 0 ? (tries + 1) % REPAIR_TRIES : 0
    const delayMs = found.length === 0 ? REPAIR_RETRY_MS : 1
    this.#after(delayMs, () => void this.#repair({ publisher, from, tries: next }))
  }

  async #askFor(
    peer: PeerId,
    gap: { publisher: PeerId; epoch: number; from: number; to: number },
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

  #forgetEverything(why: string): void {
    this.#init.counters.add('volume_floors_raised_total')
    this.#init.log?.('warn', `every cached entry is dropped: ${why}`)
    const stamp = this.#init.stamps.tick()
    for (const volume of this.#init.volumes) {
      this.#init.apply({ volume, inode: EVERYTHING, stamp })
    }
  }

  #compareLater(): void {
    const jitter = 0.5 + this.#init.random.next()
    this.#after(COMPARE_EVERY_MS * jitter, () => {
      const peer = this.#init.somePeer()
      if (peer !== undefined) this.compareWith(peer).catch(() => this.#init.counters.add('rumor_compares_failed_total'))
      this.#compareLater()
    })
  }

  #after(delayMs: number, callback: () => void): void {
    if (this.#isStopped) return
    const cancel = this.#init.clock.after(delayMs, () => {
      this.#cancels.delete(cancel)
      callback()
    })
    this.#cancels.add(cancel)
  }
}
