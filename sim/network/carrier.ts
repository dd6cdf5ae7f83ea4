// The way of a message: past the rules, through the sender's thread and line, across the distance,
// through the receiver's line and thread. A message of one packet arrives as a whole, a larger one
// keeps the receiver's line busy from its first byte to its last.
import type { Reply } from '../../src/ports/messages.ts'
import type { RequestHandler } from '../../src/ports/network.ts'
import { codeOf } from '../../src/base/errors.ts'
import type { TraceHash } from '../engine/trace-hash.ts'
import { QUIET } from '../engine/event-queue.ts'
import type { VirtualClock } from '../engine/virtual-clock.ts'
import type { Call } from './call.ts'
import type { Distances } from './costs.ts'
import type { Liveness } from './liveness.ts'
import { replyBytes, requestBytes } from './message-bytes.ts'
import { judge, PASS, type Rule, type Verdict } from './rules.ts'
import type { Station } from './station.ts'

/** What one frame of the network carries. */
const PACKET_BYTES = 1_448

export type CarrierInit = {
  readonly clock: VirtualClock
  readonly distances: Distances
  readonly trace: TraceHash
  readonly liveness: Liveness
  readonly rules: readonly Rule[]
}

export class Carrier {
  readonly #init: CarrierInit

  constructor(init: CarrierInit) {
    this.#init = init
  }

  /** Takes a request to its target's handler, and the reply back. */
  carry(call: Call): void {
    const { asker: from, target: to, request } = call
    const parcel = new Parcel(this, { from, to, call, bytes: requestBytes(request) })
    this.#send(parcel, this.#verdictOn(call, undefined))
  }

  /** A parcel has got so far. Most of its way nobody is woken by it. */
  advance(parcel: Parcel): Woken {
    if (parcel.call.isSettled) return QUIET
    if (parcel.stage === 'under way') return this.#arrive(parcel)
    if (parcel.stage === 'on the line') return this.#process(parcel)
    return this.#deliver(parcel)
  }

  #send(parcel: Parcel, verdict: Verdict): void {
    const { clock, distances, liveness } = this.#init
    const { from, to, call, bytes } = parcel
    const { firstAt, lastAt } = from.link.send(clock.elapsedMs, bytes)
    const distanceMs = distances.latencyMs(from.index, to.index)
    const underwayMs = verdict.type === 'deliver' ? verdict.afterMs : distanceMs
    if (verdict.type === 'drop') return liveness.breakAfterSilence(call)
    if (verdict.type === 'refuse') {
      return clock.at(firstAt + 2 * distanceMs, () => liveness.break(call))
    }
    parcel.lastAt = lastAt + underwayMs
    return clock.at(isPacket(parcel) ? parcel.lastAt : firstAt + underwayMs, parcel.go)
  }

  /** The first byte is there, or all of a packet. */
  #arrive(parcel: Parcel): Woken {
    const { clock, trace, liveness } = this.#init
    const { from, to, call, bytes } = parcel
    if (to.life.state === 'dead') {
      return liveness.later(to, from, () => liveness.break(call))
    }
    if (from.side !== to.side || to.life.state === 'hung') {
      to.park(parcel.go)
      return liveness.watch(call)
    }
    const now = clock.elapsedMs
    trace.add({ atMs: now, from: from.index, to: to.index, bytes })
    const inAt = isPacket(parcel)
      ? to.link.receivePacket(now, bytes)
      : Math.max(parcel.lastAt, to.link.receive(now, bytes))
    parcel.stage = 'on the line'
    if (inAt <= now) return this.#process(parcel)
    clock.at(inAt, parcel.go)
    return QUIET
  }

  /** All of it is in. */
  #process(parcel: Parcel): Woken {
    const { clock } = this.#init
    const { to, bytes } = parcel
    const startAt = to.link.process(clock.elapsedMs, bytes)
    parcel.stage = 'taken up'
    if (startAt <= clock.elapsedMs) return this.#deliver(parcel)
    clock.at(startAt, parcel.go)
    return QUIET
  }

  #deliver(parcel: Parcel): void {
    const { to, call, reply } = parcel
    if (to.life.state !== 'running') to.life.whenRunning(parcel.go)
    else if (reply !== undefined) call.answer(reply)
    else if (to.handler === undefined) to.waitForHandler(parcel.go)
    else this.#handle(call, to.handler)
  }

  #handle(call: Call, handler: RequestHandler): void {
    if (call.isSettled) return
    const { asker, request, work } = call
    handler(asker.peer, request, work).then(
      (reply) => this.#reply(call, reply),
      (error: unknown) => this.#reply(call, failure(error)),
    )
  }

  #reply(call: Call, reply: Reply): void {
    const { asker: to, target: from } = call
    // Whoever is dead by now can't reply, and to whom gave up nothing is sent.
    if (call.isSettled || from.life.state === 'dead') return
    const verdict = this.#verdictOn(call, reply)
    const sent = verdict.type === 'alter' ? verdict.message : reply
    const parcel = new Parcel(this, { from, to, call, bytes: replyBytes(sent), reply: sent })
    this.#send(parcel, verdict)
  }

  #verdictOn(call: Call, reply: Reply | undefined): Verdict {
    const { rules } = this.#init
    if (rules.length === 0) return PASS
    const { asker, target, request } = call
    if (reply === undefined) {
      const ends = { from: asker.peer, to: target.peer }
      return judge(rules, { kind: 'request', message: request, ...ends })
    }
    const ends = { from: target.peer, to: asker.peer }
    return judge(rules, { kind: 'reply', message: reply, ...ends })
  }
}

type Woken = typeof QUIET | void

type Message = {
  readonly from: Station
  readonly to: Station
  readonly call: Call
  readonly bytes: number
  /** Undefined of a request. */
  readonly reply?: Reply
}

class Parcel {
  readonly from: Station
  readonly to: Station
  readonly call: Call
  readonly bytes: number
  readonly reply: Reply | undefined
  /** One callback for the whole way. */
  readonly go: () => Woken
  stage: 'under way' | 'on the line' | 'taken up' = 'under way'
  /** When the last byte arrives if the receiver's line is free. */
  lastAt = 0

  constructor(carrier: Carrier, { from, to, call, bytes, reply }: Message) {
    this.from = from
    this.to = to
    this.call = call
    this.bytes = bytes
    this.reply = reply
    this.go = () => carrier.advance(this)
  }
}

function isPacket({ bytes }: Parcel): boolean {
  return bytes <= PACKET_BYTES
}

function failure(error: unknown): Reply {
  return { type: 'failed', code: codeOf(error), message: String(error) }
}
