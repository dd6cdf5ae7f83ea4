// The way of a message: past the rules, through the sender's thread and line, across the distance,
// through the receiver's line and thread.
import type { Reply } from '../../src/ports/messages.ts'
import type { RequestHandler } from '../../src/ports/network.ts'
import { codeOf } from '../../src/base/errors.ts'
import type { TraceHash } from '../engine/trace-hash.ts'
import type { VirtualClock } from '../engine/virtual-clock.ts'
import type { Call } from './call.ts'
import type { Distances } from './costs.ts'
import type { Liveness } from './liveness.ts'
import { replyBytes, requestBytes } from './message-bytes.ts'
import { judge, type Rule, type Verdict } from './rules.ts'
import type { Station } from './station.ts'

export type CarrierInit = {
  readonly clock: VirtualClock
  readonly distances: Distances
  readonly trace: TraceHash
  readonly liveness: Liveness
  readonly rules: readonly Rule[]
}

type Message = {
  readonly from: Station
  readonly to: Station
  readonly call: Call
  readonly bytes: number
  readonly deliver: () => void
}

/** `lastAt`: when the last byte arrives if the receiver's line is free. */
type Parcel = Message & { readonly lastAt: number }

export class Carrier {
  readonly #init: CarrierInit

  constructor(init: CarrierInit) {
    this.#init = init
  }

  /** Takes a request to its target's handler, and the reply back. */
  carry(call: Call): void {
    const { asker: from, target: to, request } = call
    const passage = { kind: 'request', message: request, from: from.peer, to: to.peer } as const
    const deliver = () => to.withHandler((handler) => this.#handle(call, handler))
    const bytes = requestBytes(request)
    this.#send({ from, to, call, bytes, deliver }, judge(this.#init.rules, passage))
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
    const passage = { kind: 'reply', message: reply, from: from.peer, to: to.peer } as const
    const verdict = judge(this.#init.rules, passage)
    const sent = verdict.type === 'alter' ? verdict.message : reply
    const deliver = () => call.answer(sent)
    this.#send({ from, to, call, bytes: replyBytes(sent), deliver }, verdict)
  }

  #send(message: Message, verdict: Verdict): void {
    const { clock, distances, liveness } = this.#init
    const { from, to, call, bytes } = message
    const { firstAt, lastAt } = from.link.send(clock.elapsedMs, bytes)
    const distanceMs = distances.latencyMs(from.index, to.index)
    const underwayMs = verdict.type === 'deliver' ? verdict.afterMs : distanceMs
    if (verdict.type === 'drop') liveness.breakAfterSilence(call)
    else if (verdict.type === 'refuse') {
      clock.at(firstAt + 2 * distanceMs, () => liveness.break(call))
    } else {
      const parcel: Parcel = { ...message, lastAt: lastAt + underwayMs }
      clock.at(firstAt + underwayMs, () => this.#arrive(parcel))
    }
  }

  /** The first byte is there. */
  #arrive(parcel: Parcel): void {
    const { clock, trace, liveness } = this.#init
    const { from, to, call, bytes } = parcel
    if (call.isSettled) return
    if (to.life.state === 'dead') {
      liveness.later(to, from, () => liveness.break(call))
      return
    }
    if (from.side !== to.side || to.life.state === 'hung') {
      to.park(() => this.#arrive(parcel))
      liveness.watch(call)
      return
    }
    trace.add({ atMs: clock.elapsedMs, from: from.index, to: to.index, bytes })
    const inAt = Math.max(parcel.lastAt, to.link.receive(clock.elapsedMs, bytes))
    clock.at(inAt, () => this.#process(parcel))
  }

  #process({ to, call, bytes, deliver }: Parcel): void {
    if (call.isSettled) return
    const { clock } = this.#init
    const run = () => to.life.whenRunning(deliver)
    const startAt = to.link.process(clock.elapsedMs, bytes)
    if (startAt > clock.elapsedMs) clock.at(startAt, run)
    else run()
  }
}

function failure(error: unknown): Reply {
  return { type: 'failed', code: codeOf(error), message: String(error) }
}
