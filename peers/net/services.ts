import { codeOf, PotluckError } from '../../src/base/errors.ts'
import type { PeerId, Reply } from '../../src/ports/messages.ts'
import type { RequestHandler } from '../../src/ports/network.ts'
import { encodeReply, type EncodedReply } from '../../src/wire/reply.ts'
import { decodeRequest } from '../../src/wire/request.ts'
import { MAX_OUTSTANDING, MAX_QUEUED_REPLY_BYTES } from './frame.ts'
import type { Outbox } from './outbox.ts'

/** Where the network keeps its one handler, which may be set after the first requests came. */
export type HandlerSlot = { readonly handler: Promise<RequestHandler>; current?: RequestHandler }

/** Answers a `find` frame with an encoded reply. */
export type FindHandler = (body: Buffer) => Uint8Array

/**
 * One request that we answer. Its signal is made when the handler first looks at it: most never do,
 * and an AbortController costs more than the rest of a small request's bookkeeping.
 */
class Service {
  readonly id: number
  #controller: AbortController | undefined
  #reason: unknown

  constructor(id: number) {
    this.id = id
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#reason = reason
    this.#controller?.abort(reason)
  }
}

/** The answering side of a link. */
export class Services {
  readonly #services = new Map<number, Service>()
  readonly #parked: { service: Service; body: Uint8Array }[] = []
  readonly #outbox: Outbox
  readonly #from: PeerId
  readonly #slot: HandlerSlot

  constructor(outbox: Outbox, from: PeerId, slot: HandlerSlot) {
    this.#outbox = outbox
    this.#from = from
    this.#slot = slot
  }

  get size(): number {
    return this.#services.size
  }

  /** A request came. @throws PotluckError MALFORMED or TOO_LARGE: the peer broke the protocol */
  request(id: number, body: Buffer): void {
    if (this.#services.size >= MAX_OUTSTANDING) {
      this.#send(id, failure(new PotluckError('BUSY', 'too many requests are outstanding')))
      return
    }
    const service = new Service(id)
    this.#services.set(id, service)
    // A peer that asks faster than it reads must not fill our memory with replies.
    if (this.#parked.length > 0 || this.#outbox.replyBytes >= MAX_QUEUED_REPLY_BYTES) {
      this.#parked.push({ service, body: Uint8Array.prototype.slice.call(body) })
    } else this.#start(service, body)
  }

  /** Starts what had to wait, as far as the queue of replies has room again. */
  unpark(): void {
    while (this.#parked.length > 0 && this.#outbox.replyBytes < MAX_QUEUED_REPLY_BYTES) {
      const next = this.#parked.shift()
      if (next !== undefined && this.#services.has(next.service.id)) {
        this.#start(next.service, next.body)
      }
    }
  }

  cancel(id: number): void {
    this.#outbox.drop(id)
    const service = this.#services.get(id)
    if (service === undefined) return
    this.#services.delete(id)
    service.abort(new PotluckError('ABORTED', 'the asker gave up'))
  }

  close(error: unknown): void {
    for (const service of this.#services.values()) service.abort(error)
    this.#services.clear()
    this.#parked.length = 0
  }

  #start(service: Service, body: Uint8Array): void {
    const request = decodeRequest(body)
    const handler = this.#slot.current
    const reply =
      handler === undefined
        ? this.#slot.handler.then((later) => later(this.#from, request, service))
        : handler(this.#from, request, service)
    reply.then(
      (value) => this.#answer(service, value),
      (error: unknown) => this.#answer(service, failure(error)),
    )
  }

  #answer(service: Service, reply: Reply): void {
    if (this.#services.get(service.id) !== service) return
    this.#services.delete(service.id)
    this.#send(service.id, reply)
  }

  #send(id: number, reply: Reply): void {
    let encoded: EncodedReply
    try {
      encoded = encodeReply(reply)
    } catch (error) {
      encoded = encodeReply(failure(error))
    }
    this.#outbox.reply(id, encoded.head, encoded.payload)
  }
}

function failure(error: unknown): Reply {
  const message = error instanceof Error ? error.message : String(error)
  return { type: 'failed', code: codeOf(error), message }
}
