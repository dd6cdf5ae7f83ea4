// The simulated network: requests travel through each end's thread and line, across a distance, past
// the rules. A connection is nothing but the state of its two ends, so nothing is kept per pair
// of nodes, only per request under way.
//
// Blocks pass by reference. What a real connection promises holds here too: a living peer is waited
// for without bound, a closed connection rejects at once, a silent one after `silenceMs`; what was
// sent into a gap arrives when the gap closes before that.
import type { PeerId, Reply, Request } from '../src/ports/messages.ts'
import type { Network, RequestOptions } from '../src/ports/network.ts'
import { abortedError } from '../src/base/abort.ts'
import { codeOf, PotluckError } from '../src/base/errors.ts'
import { Call } from './call.ts'
import { Distances, type NetworkCosts, type Topology } from './costs.ts'
import type { Life } from './life.ts'
import { Link, type Traffic } from './link.ts'
import { replyBytes, requestBytes } from './message-bytes.ts'
import { judge, type Passage, type Rule, type Verdict } from './rules.ts'
import { Station } from './station.ts'
import type { TraceHash } from './trace-hash.ts'
import type { VirtualClock } from './virtual-clock.ts'

export type NetworkInit = {
  readonly clock: VirtualClock
  readonly costs: NetworkCosts
  readonly topology: Topology
  readonly trace: TraceHash
  /** A request failed because the peer did not answer: what a closed connection tells the table. */
  readonly onUnreachable: (asker: PeerId, peer: PeerId) => void
}

type Parcel = {
  readonly from: Station
  readonly to: Station
  readonly call: Call
  readonly bytes: number
  /** When the last byte arrives if the receiver's line is free. */
  readonly lastAt: number
  readonly deliver: () => void
}

export class SimNetwork {
  /** Asked in order for every message; add and remove at will. */
  readonly rules: Rule[] = []
  readonly #init: NetworkInit
  readonly #distances: Distances
  readonly #stations = new Map<PeerId, Station>()
  /** A node's line outlives its lives, and so do its counts. */
  readonly #links = new Map<PeerId, Link>()

  constructor(init: NetworkInit) {
    this.#init = init
    this.#distances = new Distances(init.costs, init.topology)
  }

  /** A node's port for one life; the life before must have ended. */
  attach(place: { readonly peer: PeerId; readonly index: number; readonly life: Life }): Network {
    const link = this.#links.get(place.peer) ?? new Link(this.#init.costs)
    const station = new Station({ ...place, link })
    station.side = this.#stations.get(place.peer)?.side ?? 0
    this.#links.set(place.peer, link)
    this.#stations.set(place.peer, station)
    return {
      request: (to, request, options) => this.#request(station, to, { request, ...options }),
      handle: (handler) => station.handle(handler),
      queuedBytes: () => link.queuedBytes(this.#init.clock.elapsedMs),
    }
  }

  /** What a node has sent and received in all its lives. */
  traffic(peer: PeerId): { readonly sent: Readonly<Traffic>; readonly received: Readonly<Traffic> } {
    const { sent, received } = this.#link(peer)
    return { sent: { ...sent }, received: { ...received } }
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
    for (const call of station.outgoing) {
      call.abandon()
      this.#later(station, call.target, () => call.work.abort())
    }
    for (const call of station.incoming) {
      this.#later(station, call.asker, () => this.#break(call))
    }
  }

  /** The node's life hangs: who waits for it will take it for dead. */
  hung(peer: PeerId): void {
    this.#watchAll(this.#station(peer))
  }

  /** The hang is over. */
  resumed(peer: PeerId): void {
    this.#station(peer).unpark()
  }

  /** Puts every node on a side; nothing passes between sides. */
  partition(sideOf: (index: number) => number): void {
    for (const station of this.#stations.values()) station.side = sideOf(station.index)
    for (const station of this.#stations.values()) this.#watchAll(station)
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
    to: PeerId,
    { request, signal }: { readonly request: Request } & RequestOptions,
  ): Promise<Reply> {
    const target = this.#stations.get(to)
    if (asker.life.state === 'dead') return Promise.reject(new PotluckError('CLOSED', 'stopped'))
    if (signal?.aborted === true) return Promise.reject(abortedError())
    if (target === undefined || target === asker) {
      return Promise.reject(new PotluckError('UNREACHABLE', `no way to ${to}`))
    }
    return new Promise<Reply>((resolve, reject) => {
      const call = new Call({ asker, target }, request, { resolve, reject })
      if (signal !== undefined) {
        call.listen(signal, () => this.#later(asker, target, () => call.work.abort()))
      }
      this.#sendRequest(call)
    })
  }

  #sendRequest(call: Call): void {
    const { asker, target, request } = call
    const verdict = this.#judge({ kind: 'request', message: request, from: asker.peer, to: target.peer })
    const deliver = () => target.withHandler((handler) => {
      if (call.isSettled) return
      handler(asker.peer, request, call.work).then(
        (reply) => this.#sendReply(call, reply),
        (error: unknown) => this.#sendReply(call, failure(error)),
      )
    })
    const bytes = requestBytes(request)
    this.#send({ from: asker, to: target, call, bytes, deliver }, verdict)
  }

  #sendReply(call: Call, reply: Reply): void {
    const { asker, target } = call
    // Whoever is dead by now can't reply, and to whom gave up nothing is sent.
    if (call.isSettled || target.life.state === 'dead') return
    const verdict = this.#judge({ kind: 'reply', message: reply, from: target.peer, to: asker.peer })
    const sent = verdict.type === 'alter' ? verdict.message : reply
    const deliver = () => call.answer(sent)
    this.#send({ from: target, to: asker, call, bytes: replyBytes(sent), deliver }, verdict)
  }

  #judge(passage: Passage): Verdict {
    return judge(this.rules, passage)
  }

  #send(parcel: Omit<Parcel, 'lastAt'>, verdict: Verdict): void {
    const { clock, costs } = this.#init
    const { from, to, call, bytes } = parcel
    const { firstAt, lastAt } = from.link.send(clock.elapsedMs, bytes)
    const distanceMs = this.#distances.latencyMs(from.index, to.index)
    const underwayMs = verdict.type === 'deliver' ? verdict.afterMs : distanceMs
    if (verdict.type === 'drop') {
      clock.after(costs.silenceMs, () => this.#break(call))
    } else if (verdict.type === 'refuse') {
      clock.at(firstAt + 2 * distanceMs, () => this.#break(call))
    } else {
      const full: Parcel = { ...parcel, lastAt: lastAt + underwayMs }
      clock.at(firstAt + underwayMs, () => this.#arrive(full))
    }
  }

  /** The first byte is there. */
  #arrive(parcel: Parcel): void {
    const { clock, trace } = this.#init
    const { from, to, call, bytes } = parcel
    if (call.isSettled) return
    if (to.life.state === 'dead') return this.#notThere(call, from, to)
    if (from.side !== to.side || to.life.state === 'hung') {
      to.park(() => this.#arrive(parcel))
      return this.#watch(call)
    }
    trace.add(clock.elapsedMs, from.index, to.index, bytes)
    const inAt = Math.max(parcel.lastAt, to.link.receive(clock.elapsedMs, bytes))
    clock.at(inAt, () => this.#process(parcel))
    return undefined
  }

  #process({ to, call, bytes, deliver }: Parcel): void {
    if (call.isSettled) return
    const { clock } = this.#init
    const run = () => to.life.whenRunning(deliver)
    const startAt = to.link.process(clock.elapsedMs, bytes)
    if (startAt > clock.elapsedMs) clock.at(startAt, run)
    else run()
  }

  #notThere(call: Call, from: Station, to: Station): void {
    if (to === call.asker) return
    this.#later(to, from, () => this.#break(call))
  }

  /** Takes effect at the other end after the way there, or after the silence. */
  #later(from: Station, to: Station, effect: () => void): void {
    const { clock, costs } = this.#init
    const isHeard = from.side === to.side && !from.isSilent
    const delayMs = isHeard ? this.#distances.latencyMs(from.index, to.index) : costs.silenceMs
    clock.after(delayMs, effect)
  }

  #watchAll(station: Station): void {
    for (const call of station.outgoing) this.#watch(call)
    for (const call of station.incoming) this.#watch(call)
  }

  /** Breaks the call where its ends can't hear each other, and can't for `silenceMs` to come. */
  #watch(call: Call): void {
    if (isOpen(call.asker, call.target)) return
    const { clock, costs } = this.#init
    clock.after(costs.silenceMs, () => {
      if (!isOpen(call.asker, call.target)) this.#break(call)
    })
  }

  #break(call: Call): void {
    if (call.isSettled) return
    const { asker, target } = call
    call.work.abort()
    asker.life.whenRunning(() => {
      if (call.isSettled) return
      this.#init.onUnreachable(asker.peer, target.peer)
      call.fail('UNREACHABLE', `${target.peer} does not answer`)
    })
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

function isOpen(a: Station, b: Station): boolean {
  return a.side === b.side && a.life.state === 'running' && b.life.state === 'running'
}

function failure(error: unknown): Reply {
  return { type: 'failed', code: codeOf(error), message: String(error) }
}
