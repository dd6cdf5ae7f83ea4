import { Stopper, type StopSignal } from '../../../src/base/abort.ts'
import { codeOf, PotluckError } from '../../../src/base/errors.ts'
import type { PeerId, Reply, Request } from '../../../src/ports/messages.ts'
import type { RequestHandler } from '../../../src/ports/network.ts'
import { encodeReply, type EncodedReply } from '../../../src/wire/reply.ts'
import { decodeRequest } from '../../../src/wire/request.ts'
import { MAX_OUTSTANDING, MAX_QUEUED_REPLY_BYTES } from './frame.ts'
import type { Outbox } from './outbox.ts'

/** Where the network keeps its one handler, which may be set after the first requests came. */
export type HandlerSlot = { readonly handler: Promise<RequestHandler>; current?: RequestHandler }

/**
 * Requests begun in one turn of the event loop. A thousand may come in one read, and what they fill
 * the queue of replies with is only known when their handlers have had a turn.
 */
const MAX_STARTS = 64

/**
 * One request that we answer. Its signal is made when the handler first looks at it: most never do.
 */
class Service {
  readonly id: number
  #stopper: Stopper | undefined
  #reason: unknown

  constructor(id: number) {
    this.id = id
  }

  get signal(): StopSignal {
    if (this.#stopper === undefined) {
      this.#stopper = new Stopper()
      if (this.#reason !== undefined) this.#stopper.abort(this.#reason)
    }
    return this.#stopper
  }

  abort(reason: unknown): void {
    this.#reason = reason
    this.#stopper?.abort(reason)
  }
}

/** The answering side of a link. */
export class Services {
  readonly #services = new Map<number, Service>()
  readonly #parked: { service: Service; request: Request }[] = []
  readonly #outbox: Outbox
  readonly #from: PeerId
  readonly #slot: HandlerSlot
  #starts = 0

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
    const request = decodeRequest(body)
    const service = new Service(id)
    this.#services.set(id, service)
    // A peer that asks faster than it reads must not fill our memory with replies.
    if (this.#parked.length > 0 || !this.#mayStart()) {
      this.#parked.push({ service, request })
    } else this.#start(service, request)
  }

  /** Starts what had to wait, as far as the queue of replies has room again. */
  unpark(): void {
    while (this.#parked.length > 0 && this.#mayStart()) {
      const next = this.#parked.shift()
      if (next !== undefined && this.#services.has(next.service.id)) {
        this.#start(next.service, next.request)
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

  #mayStart(): boolean {
    return this.#starts < MAX_STARTS && this.#outbox.replyBytes < MAX_QUEUED_REPLY_BYTES
  }

  /** A turn of the event loop has passed. */
  #nextTurn(): void {
    this.#starts = 0
    this.unpark()
  }

  #start(service: Service, request: Request): void {
    if (this.#starts++ === 0) setImmediate(() => this.#nextTurn())
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
      // Handlers that waited long may all end at once; the asker knows where else to ask.
      const isFull = this.#outbox.replyBytes >= 2 * MAX_QUEUED_REPLY_BYTES
      encoded = encodeReply(isFull && reply.type === 'answer' ? BUSY : reply)
    } catch (error) {
      encoded = encodeReply(failure(error))
    }
    this.#outbox.reply(id, encoded.head, encoded.payload)
  }
}

const BUSY: Reply = { type: 'answer', answer: { type: 'busy', referrals: [] } }

function failure(error: unknown): Reply {
  const message = error instanceof Error ? error.message : String(error)
  return { type: 'failed', code: codeOf(error), message }
}
