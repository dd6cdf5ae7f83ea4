// A session: the operations of one mounted volume. It turns requests into calls of `Volume` and
// what comes back into replies, and knows what the kernel holds: which requests wait, which
// inodes it refers to, which handles it has open. It touches the device only through an interface
// of one method, so that the whole of it is tested without one.
//
// What it must never do: wait for anything while the kernel waits for a reply; answer a request
// twice or never; let what one request says disturb another.
//
// This file: the requests that wait for an answer, and how they are given up.
import type { Options } from '../../src/volume/volume.ts'
import type { Operation } from '../protocol/operations.ts'
import type { Header } from '../protocol/request.ts'

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

  get pid(): number {
    return this.header.pid
  }

  abort(): void {
    this.#controller ??= new AbortController()
    this.#controller.abort()
  }
}

/** What a volume is asked with, on behalf of a call. */
export function asked<T extends object>(call: Call, more: T): T & Options {
  return {
    get signal() {
      return call.signal
    },
    pid: call.pid,
    ...more,
  }
}

/**
 * What signals end a call. A lock may be waited for without end, and fcntl(2) has always been
 * interrupted by a program's own alarm(2): any does. What closes a file ends with none: a program
 * that is killed closes its files, and its locks go with that.
 */
function endsWith({ operation }: Call): 'any' | 'none' | 'stop' {
  const isUnlock = operation.type === 'setlk' && operation.lock.kind === 'none'
  if (isUnlock || operation.type === 'flush' || operation.type === 'release') return 'none'
  return operation.type === 'setlk' && operation.wait ? 'any' : 'stop'
}

/** The kernel says "interrupted" once; a program may be killed later. So it is looked at again. */
const LOOK_AGAIN_MS = 500

export type CallsInit = {
  /** Whether the program that made the request wants it to end. */
  readonly hasGivenUp: (pid: number) => boolean
  /** Answers a call that was taken out of the list with EINTR. */
  readonly onGivenUp: (call: Call) => void
}

export class Calls {
  readonly #init: CallsInit
  readonly #waiting = new Map<number, Call>()
  readonly #interrupted = new Set<number>()
  #timer: NodeJS.Timeout | undefined

  constructor(init: CallsInit) {
    this.#init = init
  }

  get size(): number {
    return this.#waiting.size
  }

  add(call: Call): void {
    this.#waiting.set(call.header.unique, call)
  }

  /** @returns false if the call has been answered already, by `interrupt` or `endAll` */
  end(call: Call): boolean {
    const { unique } = call.header
    if (this.#waiting.get(unique) !== call) return false
    this.#interrupted.delete(unique)
    return this.#waiting.delete(unique)
  }

  interrupt(unique: number): void {
    const call = this.#waiting.get(unique)
    if (call === undefined || endsWith(call) === 'none') return
    this.#interrupted.add(unique)
    this.#look()
  }

  #look(): void {
    for (const unique of this.#interrupted) {
      const call = this.#waiting.get(unique)
      if (call === undefined) continue
      if (endsWith(call) === 'any' || this.#init.hasGivenUp(call.header.pid)) this.#giveUp(call)
    }
    clearTimeout(this.#timer)
    if (this.#interrupted.size === 0) return
    this.#timer = setTimeout(() => this.#look(), LOOK_AGAIN_MS)
    this.#timer.unref()
  }

  #giveUp(call: Call): void {
    this.end(call)
    call.abort()
    this.#init.onGivenUp(call)
  }

  endAll(): void {
    for (const call of this.#waiting.values()) this.#giveUp(call)
    clearTimeout(this.#timer)
  }
}
