// Who can still hear whom: what connections promise, without a connection object. A closed one is
// known one way later, a silent one after `silenceMs`.
import type { PeerId } from '../../src/ports/messages.ts'
import type { VirtualClock } from '../engine/virtual-clock.ts'
import type { Call } from './call.ts'
import type { Distances, NetworkCosts } from './costs.ts'
import type { Station } from './station.ts'

export type LivenessInit = {
  readonly clock: VirtualClock
  readonly costs: NetworkCosts
  readonly distances: Distances
  /** A request failed because the peer did not answer: what a closed connection tells the table. */
  readonly onUnreachable: (asker: PeerId, peer: PeerId) => void
}

export class Liveness {
  readonly #init: LivenessInit

  constructor(init: LivenessInit) {
    this.#init = init
  }

  /** Takes effect at the other end after the way there, or after the silence. */
  later(from: Station, to: Station, effect: () => void): void {
    const { clock, costs, distances } = this.#init
    const isHeard = from.side === to.side && !from.isSilent
    clock.after(isHeard ? distances.latencyMs(from.index, to.index) : costs.silenceMs, effect)
  }

  /** Lets the call fail after the silence, whatever happens meanwhile: a message of it is lost. */
  breakAfterSilence(call: Call): void {
    this.#init.clock.after(this.#init.costs.silenceMs, () => this.break(call))
  }

  watchAll(station: Station): void {
    for (const call of station.outgoing) this.watch(call)
    for (const call of station.incoming) this.watch(call)
  }

  /** Breaks the call where its ends can't hear each other now, nor `silenceMs` later. */
  watch(call: Call): void {
    if (isOpen(call.asker, call.target)) return
    this.#init.clock.after(this.#init.costs.silenceMs, () => {
      if (!isOpen(call.asker, call.target)) this.break(call)
    })
  }

  /** The work is told to stop, and the asker, once it runs, that the peer is unreachable. */
  break(call: Call): void {
    if (call.isSettled) return
    const { asker, target } = call
    call.work.abort()
    asker.life.whenRunning(() => {
      if (call.isSettled) return
      this.#init.onUnreachable(asker.peer, target.peer)
      call.fail('UNREACHABLE', `${target.peer} does not answer`)
    })
  }
}

/** Whether the two could hear each other now. */
export function isOpen(a: Station, b: Station): boolean {
  return a.side === b.side && a.life.state === 'running' && b.life.state === 'running'
}
