// The calls of one node's programs. Programs that make the same call (the same step of a plan that they
// share) while it is under way wait for it together: the kernel would join them anyway, at the cost of
// a chain of promises for each, and a node runs a dozen programs in step.
import type { Life } from '../engine/life.ts'
import type { Kernel, KernelRead } from './kernel.ts'
import type { Step } from './workload.ts'

/** A step that asks the kernel for something. */
export type Call = Exclude<Step, { readonly kind: 'think' }>

export type CallResult =
  | { readonly type: 'done'; readonly read: KernelRead | undefined }
  | { readonly type: 'failed'; readonly error: unknown }

type Waiter = (result: CallResult) => void

const DONE: CallResult = { type: 'done', read: undefined }

export class Calls {
  readonly life: Life
  readonly #kernel: Kernel
  readonly #underway = new Map<Call, Waiter[]>()

  constructor(kernel: Kernel, life: Life) {
    this.#kernel = kernel
    this.life = life
  }

  /** Whether the kernel would answer at once. */
  isHere(call: Call): boolean {
    if (call.kind === 'stat') return this.#kernel.knows(call.path)
    if (call.kind === 'list') return this.#kernel.hasListed(call.path)
    return this.#kernel.holds(call.path, call.from, call.length)
  }

  /** Fails with CLOSED where the node dies meanwhile. */
  make(call: Call, waiter: Waiter): void {
    const waiters = this.#underway.get(call)
    if (waiters !== undefined) {
      waiters.push(waiter)
      return
    }
    this.#underway.set(call, [waiter])
    this.life.within(this.#perform(call)).then(
      (read) => this.#end(call, read === undefined ? DONE : { type: 'done', read }),
      (error: unknown) => this.#end(call, { type: 'failed', error }),
    )
  }

  async #perform(call: Call): Promise<KernelRead | undefined> {
    if (call.kind === 'read') return this.#kernel.read(call.path, call.from, call.length)
    if (call.kind === 'stat') await this.#kernel.stat(call.path)
    else await this.#kernel.list(call.path)
    return undefined
  }

  #end(call: Call, result: CallResult): void {
    const waiters = this.#underway.get(call) ?? []
    this.#underway.delete(call)
    for (const waiter of waiters) waiter(result)
  }
}
