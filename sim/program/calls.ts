// The calls of one node's programs. A dozen programs run in step on a node, and most of their calls are
// the same call (the same step of a plan that they share): the first to need it makes it, and those who
// come to it before its end wait for it, as the kernel would let them. Nobody who will only wait costs
// an event of the clock, or a chain of promises, or an object.
import { PotluckError } from '../../src/base/errors.ts'
import { PassingMap } from '../../src/base/passing-map.ts'
import type { VirtualClock } from '../engine/virtual-clock.ts'
import type { Life } from '../engine/life.ts'
import type { Kernel, KernelRead } from './kernel.ts'
import type { Step } from './workload.ts'

/** A step that asks the kernel for something. */
export type Call = Exclude<Step, { readonly kind: 'think' }>

export type CallResult =
  | { readonly type: 'done'; readonly read: KernelRead | undefined }
  | { readonly type: 'failed'; readonly error: unknown }

/**
 * Somebody who needs a call's answer from a moment on. The answer comes then, or later; or before, and
 * then `neededMs` is ahead of the clock.
 */
export type Waiter = {
  /** From when on; it waits for one call at a time. */
  readonly neededMs: number
  readonly answer: (call: Call, result: CallResult) => void
}

type Underway = {
  readonly call: Call
  readonly waiters: Waiter[]
  /** When the first of them needs it. */
  firstMs: number
  /** For when its begin was last set. */
  dueMs: number
  isBegun: boolean
}

const DONE: CallResult = { type: 'done', read: undefined }

export class Calls {
  readonly life: Life
  readonly #kernel: Kernel
  readonly #clock: VirtualClock
  readonly #underway = new PassingMap<Call, Underway>()
  /** While answers are handed out, those who are asked for next begin only when all have asked. */
  #postponed: Underway[] | undefined

  constructor(init: {
    readonly kernel: Kernel
    readonly life: Life
    readonly clock: VirtualClock
  }) {
    this.#kernel = init.kernel
    this.#clock = init.clock
    this.life = init.life
    this.life.onEnd(() => this.#endAll())
  }

  /** Whether the kernel would answer at once. */
  isHere(call: Call): boolean {
    // What somebody waits for, or soon will, is not: a look that is cheaper than the kernel's.
    if (this.#underway.has(call)) return false
    if (call.kind === 'stat') return this.#kernel.knows(call.path)
    if (call.kind === 'list') return this.#kernel.hasListed(call.path)
    return this.#kernel.holds(call.path, call.from, call.length)
  }

  /** Makes a call, not before the elapsed time at which it is needed; CLOSED where the node dies. */
  make(call: Call, waiter: Waiter): void {
    const { neededMs } = waiter
    const underway = this.#underway.get(call) ?? this.#add(call)
    underway.waiters.push(waiter)
    if (underway.isBegun || underway.firstMs <= neededMs) return
    underway.firstMs = neededMs
    if (neededMs <= this.#clock.elapsedMs) this.#begin(underway)
    else if (this.#postponed === undefined) this.#beginLater(underway)
    else this.#postponed.push(underway)
  }

  #beginLater(underway: Underway): void {
    const { firstMs } = underway
    // One event for all who came with the same answer, not one for each who needs it sooner.
    if (underway.isBegun || underway.dueMs === firstMs) return
    underway.dueMs = firstMs
    this.#clock.at(firstMs, () => this.#begin(underway))
  }

  #add(call: Call): Underway {
    const underway: Underway = {
      call,
      waiters: [],
      firstMs: Infinity,
      dueMs: Infinity,
      isBegun: false,
    }
    this.#underway.set(call, underway)
    return underway
  }

  #begin(underway: Underway): void {
    // A later one's turn, where somebody came who needed it sooner.
    if (underway.isBegun) return
    underway.isBegun = true
    if (this.life.state === 'dead') return this.#end(underway, failedByDeath())
    const { call } = underway
    const failed = (error: unknown) => this.#end(underway, { type: 'failed', error })
    if (call.kind === 'read') {
      const done = (read: KernelRead) => this.#end(underway, { type: 'done', read })
      this.#kernel.read(call.path, call.from, call.length).then(done, failed)
    } else {
      const done = () => this.#end(underway, DONE)
      if (call.kind === 'stat') this.#kernel.stat(call.path).then(done, failed)
      else this.#kernel.list(call.path).then(done, failed)
    }
  }

  /** The node is dead: nobody waits any longer. */
  #endAll(): void {
    for (const underway of this.#underway.values()) {
      if (underway.isBegun) this.#end(underway, failedByDeath())
    }
  }

  #end(underway: Underway, result: CallResult): void {
    const { call, waiters } = underway
    // Its node has died, and then its answer came.
    if (this.#underway.get(call) !== underway) return
    this.#underway.delete(call)
    const now = this.#clock.elapsedMs
    const mayTryAgain = result.type === 'failed' && this.life.state !== 'dead'
    const outer = this.#postponed
    const postponed = outer ?? []
    this.#postponed = postponed
    for (const waiter of waiters) {
      // Who needs it only later makes it anew where it failed.
      if (mayTryAgain && waiter.neededMs > now) this.make(call, waiter)
      else waiter.answer(call, result)
    }
    this.#postponed = outer
    if (outer === undefined) for (const each of postponed) this.#beginLater(each)
  }
}

function failedByDeath(): CallResult {
  return { type: 'failed', error: new PotluckError('CLOSED', 'the node is dead') }
}
