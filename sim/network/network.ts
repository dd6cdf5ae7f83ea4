// The simulated network: requests travel through each end's thread and line, across a distance, past
// the rules. A connection is nothing but the state of its two ends, so nothing is kept per pair
// of nodes, only per request under way.
//
// Blocks pass by reference. What a real connection promises holds here too: a living peer is waited
// for without bound, a closed connection rejects at once, a silent one after `silenceMs`; what was
// sent into a gap arrives when the gap closes before that.
import type { PeerId, Reply, Request } from '../../src/ports/messages.ts'
import type { Network } from '../../src/ports/network.ts'
import { abortedError, type StopSignal } from '../../src/base/abort.ts'
import { PotluckError } from '../../src/base/errors.ts'
import type { Life } from '../engine/life.ts'
import type { TraceHash } from '../engine/trace-hash.ts'
import type { VirtualClock } from '../engine/virtual-clock.ts'
import { Call } from './call.ts'
import { Carrier } from './carrier.ts'
import { Distances, type NetworkCosts, type Topology } from './costs.ts'
import { Link, type Traffic } from './link.ts'
import { isOpen, Liveness } from './liveness.ts'
import type { Rule } from './rules.ts'
import { Station } from './station.ts'

export type NetworkInit = {
  readonly clock: VirtualClock
  readonly costs: NetworkCosts
  readonly topology: Topology
  readonly trace: TraceHash
  /** A request failed because the peer did not answer: what a closed connection tells the table. */
  readonly onUnreachable: (asker: PeerId, peer: PeerId) => void
}

export type Letter = {
  readonly from: PeerId
  readonly to: PeerId
  readonly bytes: number
  readonly cpuMs: number
  /** Under way for so long, instead of the usual. */
  readonly afterMs?: number
}

export class SimNetwork {
  /** Asked in order for every message; add and remove at will. */
  readonly rules: Rule[] = []
  readonly #init: NetworkInit
  readonly #distances: Distances
  readonly #liveness: Liveness
  readonly #carrier: Carrier
  readonly #stations = new Map<PeerId, Station>()
  /** Who works on it is told one way later. */
  readonly #givenUp = (call: Call): void => {
    this.#liveness.later(call.asker, call.target, () => call.work.abort())
  }
  /** A node's line outlives its lives, and so do its counts. */
  readonly #links = new Map<PeerId, Link>()

  constructor(init: NetworkInit) {
    this.#init = init
    const distances = new Distances(init.costs, init.topology)
    this.#distances = distances
    this.#liveness = new Liveness({ ...init, distances })
    const { clock, trace } = init
    const [liveness, rules] = [this.#liveness, this.rules]
    this.#carrier = new Carrier({ clock, trace, distances, liveness, rules })
  }

  /** A node's port for one life; the life before must have ended. */
  attach(place: { readonly peer: PeerId; readonly index: number; readonly life: Life }): Network {
    const link = this.#links.get(place.peer) ?? new Link(this.#init.costs)
    const station = new Station({ ...place, link })
    station.side = this.#stations.get(place.peer)?.side ?? 0
    this.#links.set(place.peer, link)
    this.#stations.set(place.peer, station)
    return {
      request: (to, request, options) => this.#request(station, { to, request }, options?.signal),
      handle: (handler) => station.handle(handler),
      queuedBytes: () => link.queuedBytes(this.#init.clock.elapsedMs),
    }
  }

  /**
   * Sends a message that nobody answers, with so much CPU at each end besides a message's. What comes
   * while the way is closed is lost.
   */
  tell(letter: Letter, arrive: () => void): void {
    const { clock, trace } = this.#init
    const [from, to] = [this.#station(letter.from), this.#station(letter.to)]
    const { bytes, cpuMs } = letter
    from.link.work(clock.elapsedMs, cpuMs)
    const { lastAt } = from.link.send(clock.elapsedMs, bytes)
    const underwayMs = letter.afterMs ?? this.#distances.latencyMs(from.index, to.index)
    clock.at(lastAt + underwayMs, () => {
      if (to.life.state !== 'running' || from.side !== to.side) return
      const now = clock.elapsedMs
      trace.add({ atMs: now, from: from.index, to: to.index, bytes })
      to.link.receivePacket(now, bytes)
      const startAt = to.link.process(now, bytes)
      to.link.work(now, cpuMs)
      clock.at(startAt, () => to.life.whenRunning(arrive))
    })
  }

  /** What a node has sent and received in all its lives. */
  traffic(peer: PeerId): {
    readonly sent: Readonly<Traffic>
    readonly received: Readonly<Traffic>
  } {
    const { sent, received } = this.#link(peer)
    return { sent, received }
  }

  /** In how many milliseconds bytes from the storage will have come in through the node's line. */
  intake(peer: PeerId, bytes: number): number {
    const now = this.#init.clock.elapsedMs
    return this.#link(peer).takeIn(now, bytes) - now
  }

  /**
   * Requests of a node that are still to be answered. Those to the dead are not: the silence ends them,
   * and where the voters of locks have lost their majority there are ever new ones.
   */
  outstanding(peer: PeerId): number {
    const { outgoing } = this.#station(peer)
    return outgoing.filter(({ target }) => target.life.state !== 'dead').length
  }

  /** Makes a node's thread and lines slower by a factor; 1 is as before. */
  slow(peer: PeerId, factor: number): void {
    this.#link(peer).slowness = factor
  }

  latencyMs(a: number, b: number): number {
    return this.#distances.latencyMs(a, b)
  }

  /** The node's life has ended: its connections close, or with `isSilent` fall silent. */
  closed(peer: PeerId, options: { readonly isSilent?: boolean } = {}): void {
    const station = this.#station(peer)
    station.isSilent = options.isSilent === true
    for (const call of station.outgoing.slice()) {
      call.abandon()
      this.#liveness.later(station, call.target, () => call.work.abort())
    }
    for (const call of station.incoming) {
      this.#liveness.later(station, call.asker, () => this.#liveness.break(call))
    }
  }

  /** The node's life hangs: who waits for it will take it for dead. */
  hung(peer: PeerId): void {
    this.#liveness.watchAll(this.#station(peer))
  }

  /** The hang is over. */
  resumed(peer: PeerId): void {
    this.#station(peer).unpark()
  }

  /** Puts every node on a side; nothing passes between sides. */
  partition(sideOf: (index: number) => number): void {
    for (const station of this.#stations.values()) station.side = sideOf(station.index)
    for (const station of this.#stations.values()) this.#liveness.watchAll(station)
  }

  /** All nodes are on one side again. */
  repair(): void {
    for (const station of this.#stations.values()) station.side = 0
    for (const station of this.#stations.values()) station.unpark()
  }

  /** Whether a message sent now could be heard. */
  isReachable(from: PeerId, to: PeerId): boolean {
    const [a, b] = [this.#stations.get(from), this.#stations.get(to)]
    return a !== undefined && b !== undefined && isOpen(a, b)
  }

  #request(
    asker: Station,
    { to, request }: { readonly to: PeerId; readonly request: Request },
    signal: StopSignal | undefined,
  ): Promise<Reply> {
    const target = this.#stations.get(to)
    if (asker.life.state === 'dead') return Promise.reject(new PotluckError('CLOSED', 'stopped'))
    if (signal?.aborted === true) return Promise.reject(abortedError())
    if (target === undefined || target === asker) {
      return Promise.reject(new PotluckError('UNREACHABLE', `no way to ${to}`))
    }
    const call = new Call(asker, target, request)
    if (signal !== undefined) call.listen(signal, this.#givenUp)
    this.#carrier.carry(call)
    return call.reply
  }

  #station(peer: PeerId): Station {
    const station = this.#stations.get(peer)
    if (station === undefined) throw new RangeError(`no node ${peer} is in this network`)
    return station
  }

  #link(peer: PeerId): Link {
    return this.#station(peer).link
  }
}
