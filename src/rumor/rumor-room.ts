// What we tell everyone, and how nobody misses it for long.
//
// Gossip loses messages. Each publisher numbers its rumors, so a gap shows; a gap is asked for
// directly, from who told of it, the publisher, or anyone; a gap that nobody can fill makes this
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
import { Lives } from './lives.ts'
import { withoutOvertaken } from './overtaken.ts'
import { countThatFits } from './batches.ts'
import { KEPT, type Life, type PublisherLog, rumorBytes } from './publisher-log.ts'
import { Repairs } from './repairs.ts'

const HEARTBEAT_FIRST_MS = 500
const HEARTBEAT_LAST_MS = 60_000
const COMPARE_EVERY_MS = 10_000
/** A quarter of what a reply may have; the asker comes again for the rest. */
const MAX_REPAIR_BYTES = 1024 * 1024

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
  readonly #lives: Lives
  readonly #cancels = new Set<() => void>()
  readonly #repairs: Repairs
  #unsent: Invalidation[] = []
  #heartbeatMs = HEARTBEAT_FIRST_MS
  #cancelHeartbeat: (() => void) | undefined
  /** Until numbers were compared once, nothing told before can matter: hardly anything is cached. */
  #isNewcomer = true
  #isStopped = false

  constructor(init: RumorRoomInit) {
    this.#init = init
    this.#lives = new Lives({ own: { publisher: init.self, epoch: init.epoch } })
    this.#repairs = new Repairs({
      ...init,
      after: (delayMs, callback) => this.#after(delayMs, callback),
      take: (log, rumor) => {
        this.#applyRumor(rumor)
        this.#lives.keep(log, rumor)
      },
      forgetEverything: (why) => this.#forgetEverything(why),
    })
    this.#cancels.add(init.rumors.subscribe((gossip, from) => this.#hear(gossip, from)))
    this.#compareLater()
  }

  get gauges(): { readonly lives: number; readonly keptBytes: number; readonly repairs: number } {
    return {
      lives: this.#lives.size,
      keptBytes: this.#lives.keptBytes,
      repairs: this.#repairs.size,
    }
  }

  /** Applies a change here and tells everyone. */
  publish(invalidations: readonly Invalidation[]): void {
    for (const invalidation of invalidations) this.#init.apply(invalidation)
    this.tell(invalidations)
  }

  /** Tells everyone else; changes of one instant travel together. */
  tell(invalidations: readonly Invalidation[]): void {
    if (invalidations.length === 0) return
    if (this.#unsent.length === 0) this.#after(1, () => this.#flush())
    this.#unsent.push(...invalidations)
  }

  /** Tells at once what is untold. @returns what then was told last, if anything ever was */
  flush(): RumorHead | undefined {
    const { self: publisher, epoch } = this.#init
    if (this.#unsent.length > 0) this.#flush()
    const { newest: number } = this.#lives.own
    return number === 0 ? undefined : { publisher, epoch, number }
  }

  /** Has heard, or hears now, all that its publisher told up to there; false where it can't. */
  async hear(head: RumorHead): Promise<boolean> {
    if (this.#lives.isOwn(head)) return true
    const log = this.#follow(head, head.number)
    return log !== undefined && this.#repairs.fill(log, head.number)
  }

  /** Answers `heads` and `repair`. */
  answer(request: Request & { type: 'heads' | 'repair' }): Reply {
    if (request.type === 'heads') return { type: 'heads', heads: this.#lives.heads() }
    const rumors = this.#lives.find(request)?.range(request.from, request.to) ?? []
    let room = MAX_REPAIR_BYTES
    return { type: 'rumors', rumors: rumors.filter((rumor) => (room -= rumorBytes(rumor)) >= 0) }
  }

  /** Compares numbers with one peer at once, as a newcomer does. */
  async compareWith(peer: PeerId): Promise<void> {
    const reply = await this.#init.network.request(peer, { type: 'heads' })
    if (reply.type !== 'heads') return
    for (const head of reply.heads) this.#noteHead(head, peer)
    this.#isNewcomer = false
  }

  /** The same, for whom nobody waits: a newcomer learns what was told before it can read much. */
  meet(peer: PeerId): void {
    this.compareWith(peer).catch(() => {
      this.#init.counters.add('rumor_compares_failed_total')
    })
  }

  /** Tells what is untold yet, and ends. */
  stop(): void {
    if (this.#unsent.length > 0) this.#flush()
    this.#isStopped = true
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
    this.#cancelHeartbeat?.()
  }

  #flush(): void {
    const { self, epoch, rumors, counters } = this.#init
    const { own } = this.#lives
    this.#unsent = withoutOvertaken(this.#unsent)
    while (this.#unsent.length > 0) {
      const invalidations = this.#unsent.splice(0, countThatFits(this.#unsent))
      const rumor: Rumor = { publisher: self, epoch, number: own.newest + 1, invalidations }
      this.#lives.keep(own, rumor)
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
      rumors.publish({
        type: 'heartbeat',
        head: { publisher: self, epoch, number: this.#lives.own.newest },
      })
      this.#heartbeatMs = Math.min(HEARTBEAT_LAST_MS, this.#heartbeatMs * 2)
      this.#heartbeatLater()
    })
  }

  #hear(gossip: Gossip, from: PeerId): void {
    if (gossip.type === 'heartbeat') this.#noteHead(gossip.head, from)
    else if (gossip.type === 'rumor') this.#take(gossip.rumor, from)
  }

  #take(rumor: Rumor, from: PeerId): void {
    if (this.#lives.isOwn(rumor)) return
    this.#applyRumor(rumor)
    const log = this.#follow(rumor, rumor.number - 1)
    if (log === undefined) return
    this.#lives.keep(log, rumor)
    this.#repairs.catchUp(log, from)
  }

  #noteHead(head: RumorHead, from: PeerId): void {
    if (this.#lives.isOwn(head)) return
    const log = this.#follow(head, head.number)
    if (log === undefined) return
    log.noteNewest(head.number)
    this.#repairs.catchUp(log, from)
  }

  /** The log of a life that has come to `number`. */
  #follow(life: Life, number: number): PublisherLog | undefined {
    const log = this.#lives.follow(life)
    if (log === undefined) this.#forgetEverything('more publishers than can be followed')
    else if (log.isEmpty && this.#isNewcomer) log.skipTo(Math.max(0, number - KEPT))
    return log
  }

  #applyRumor(rumor: Rumor): void {
    this.#init.counters.add('rumors_heard_total')
    for (const invalidation of rumor.invalidations) {
      if (!this.#init.volumes.has(invalidation.volume)) continue
      const isBelieved = this.#init.stamps.witness(invalidation.stamp)
      if (!isBelieved) this.#init.counters.add('rumors_disbelieved_total')
      // The change is believed all the same, only not when it was.
      const stamp = isBelieved ? invalidation.stamp : this.#init.stamps.tick()
      this.#init.apply({ ...invalidation, stamp })
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
      if (peer !== undefined) this.meet(peer)
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
