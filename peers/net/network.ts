import type { StopSignal } from '../../src/base/abort.ts'
import { isErrorCode, PotluckError } from '../../src/base/errors.ts'
import type { PeerId, Reply, Request } from '../../src/ports/messages.ts'
import type { Network, RequestHandler, RequestOptions } from '../../src/ports/network.ts'
import type { Links } from './link/links.ts'
import type { HandlerSlot } from './link/services.ts'

export type NetworkCounters = { requests: number; failures: number }

/** Where the one handler will be; what comes before it waits for it. */
export class Handlers implements HandlerSlot {
  readonly handler: Promise<RequestHandler>
  current?: RequestHandler
  readonly #resolve: (handler: RequestHandler) => void

  constructor() {
    const { promise, resolve } = Promise.withResolvers<RequestHandler>()
    this.handler = promise
    this.#resolve = resolve
  }

  set(handler: RequestHandler): void {
    this.current = handler
    this.#resolve(handler)
  }
}

/** The port `Network` over links. */
export class PeerNetwork implements Network {
  readonly counters: NetworkCounters = { requests: 0, failures: 0 }
  readonly #links: Links
  readonly #handlers: Handlers
  readonly #onUnreachable: (peer: PeerId, error: unknown) => void
  #isStopped = false

  constructor(
    links: Links,
    handlers: Handlers,
    onUnreachable: (peer: PeerId, error: unknown) => void,
  ) {
    this.#links = links
    this.#handlers = handlers
    this.#onUnreachable = onUnreachable
  }

  async request(to: PeerId, request: Request, options?: RequestOptions): Promise<Reply> {
    this.counters.requests++
    const signal = options?.signal
    try {
      const link = this.#links.get(to) ?? (await this.#connect(to, signal))
      const reply = await link.request(request, signal)
      if (reply.type === 'failed') throw failureOf(reply)
      return reply
    } catch (error) {
      this.counters.failures++
      if (this.#isStopped) throw new PotluckError('CLOSED', 'stopping', { cause: error })
      throw error
    }
  }

  handle(handler: RequestHandler): void {
    this.#handlers.set(handler)
  }

  queuedBytes(): number {
    let bytes = 0
    for (const link of this.#links.all()) bytes += link.queuedBytes
    return bytes
  }

  stop(): void {
    this.#isStopped = true
  }

  /** The dial goes on for others who wait for it when this asker gives up. */
  async #connect(to: PeerId, signal: StopSignal | undefined) {
    if (this.#isStopped) throw new PotluckError('CLOSED', 'stopping')
    const connecting = this.#links.connect(to)
    try {
      return await (signal === undefined ? connecting : orAbort(connecting, signal))
    } catch (error) {
      if ((error as PotluckError).code !== 'ABORTED') this.#onUnreachable(to, error)
      throw error
    }
  }
}

function orAbort<T>(promise: Promise<T>, signal: StopSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(new PotluckError('ABORTED', 'the request was given up', { cause: signal.reason }))
    }
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** A code that this version does not know is EIO. */
function failureOf(reply: Reply & { type: 'failed' }): PotluckError {
  const code = isErrorCode(reply.code) ? reply.code : 'EIO'
  return new PotluckError(code, reply.message)
}
