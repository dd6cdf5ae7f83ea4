// A session: the operations of one mounted volume. It turns requests into calls of `Volume` and
// what comes back into replies, and knows what the kernel holds: which requests wait, which
// inodes it refers to, which handles it has open. It touches the device only through an interface
// of one method, so that the whole of it is tested without one.
//
// What it must never do: wait for anything while the kernel waits for a reply; answer a request
// twice or never; let what one request says disturb another.
import type { Header } from '../protocol/request.ts'
import type { Operation } from '../protocol/operations.ts'

/** One request that a volume is answering. Passed to the volume as its options. */
export class Call {
  readonly header: Header
  readonly operation: Operation
  /** How many invalidations there had been when it began. */
  readonly invalidations: number
  #controller: AbortController | undefined

  constructor(header: Header, operation: Operation, invalidations: number) {
    this.header = header
    this.operation = operation
    this.invalidations = invalidations
  }

  /** Made when it is first asked for: most answers come from memory and never look at it. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }

  abort(): void {
    this.#controller ??= new AbortController()
    this.#controller.abort()
  }
}
