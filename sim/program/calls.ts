// The calls of one node's programs. A dozen programs run in step on a node, and most of their calls are
// the same call (the same step of a plan that they share): the first to need it makes it, and those who
// come to it before its end wait for it, as the kernel would let them. Nobody who will only wait costs
// an event of the clock, or a chain of promises.
import type { VirtualClock } from '../engine/virtual-clock.ts'
import type { Life } from '../engine/life.ts'
import type { Kernel, KernelRead } from './kernel.ts'
import type { Step } from './workload.ts'

/** A step that asks the kernel for something. */
export type Call = Exclude<Step, { readonly kind: 'think' }>

export type CallResult =
  | { readonly type: 'done'; readonly read: KernelRead | undefined }
  | { readonly type: 'failed'; readonly error: unknown }

/** Somebody who needs a call's answer from a moment on; `answer` comes then, or later, or before. */
export type Waiter = { readonly answer: (answer: Answer) => void }

/** `neededMs` is ahead of the clock where the answer was there before it was needed. */
export type Answer = { readonly call: Call; readonly result: CallResult; readonly neededMs: number }

type Parked = { readonly neededMs: number; readonly waiter: Waiter }
type Underway = {
  readonly call: Call
  readonly parked: Parked[]
  /** When the first of them needs it. */
  firstMs: number
  isBegun: boolean
}

const DONE: CallResult = { type: 'done', read: undefined }

export class Calls {
  readonly life: Life
  readonly #kernel: Kernel
  readonly #clock: VirtualClock
  readonly #underway = new Map<Call, Underway>()

  constructor(init: {
    readonly kernel: Kernel
    readonly life: Life
    readonly clock: VirtualClock
  }) {
    this.#kernel = init.kernel
    this.#clock = init.clock
    this.life = init.life
  }

  /** Whether the kernel would answer at once. */
  isHere(call: Call): boolean {
    if (call.kind === 'stat') return this.#kernel.knows(call.path)
    if (call.kind === 'list') return this.#kernel.hasListed(call.path)
    return this.#kernel.holds(call.path, call.from, call.length)
  }

  /** Makes a call, not before the elapsed time at which it is needed; CLOSED where the node dies. */
  make(call: Call, neededMs: number, waiter: Waiter): void {
    const known = this.#underway.get(call)
    const underway = known ?? { call, parked: [], firstMs: Infinity, isBegun: false }
    underway.parked.push({ neededMs, waiter })
    if (known === undefined) this.#underway.set(call, underway)
    if (underway.isBegun || underway.firstMs <= neededMs) return
    underway.firstMs = neededMs
    if (neededMs <= this.#clock.elapsedMs) this.#begin(underway)
    else this.#clock.at(neededMs, () => this.#begin(underway))
  }

  #begin(underway: Underway): void {
    // A later one's turn, where somebody came who needed it sooner.
    if (underway.isBegun) return
    underway.isBegun = true
    this.life.within(this.#perform(underway.call)).then(
      (read) => this.#end(underway, read === undefined ? DONE : { type: 'done', read }),
      (error: unknown) => this.#end(underway, { type: 'failed', error }),
    )
  }

  async #perform(call: Call): Promise<KernelRead | undefined> {
    if (call.kind === 'read') return this.#kernel.read(call.path, call.from, call.length)
    if (call.kind === 'stat') await this.#kernel.stat(call.path)
    else await this.#kernel.list(call.path)
    return undefined
  }

  #end({ call, parked }: Underway, result: CallResult): void {
    this.#underway.delete(call)
    const now = this.#clock.elapsedMs
    const isLiving = this.life.state !== 'dead'
    for (const { neededMs, waiter } of parked) {
      // Who needs it only later makes it anew where it failed.
      const isTooEarly = result.type === 'failed' && neededMs > now && isLiving
      if (isTooEarly) this.make(call, neededMs, waiter)
      else waiter.answer({ call, result, neededMs })
    }
  }
}
