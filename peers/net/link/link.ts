import type { Connection, Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import type { StopSignal } from '../../../src/base/abort.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import type { Log } from '../../../src/base/log.ts'
import type { PeerId, Reply, Request } from '../../../src/ports/messages.ts'
import { malformed } from '../../../src/wire/reader.ts'
import { decodeReply } from '../../../src/wire/reply.ts'
import { writeRequest } from '../../../src/wire/request.ts'
import type { ByteWriter } from '../../../src/wire/writer.ts'
import { Asks, type Decode } from './asks.ts'
import { CREDIT_STEP_BYTES, FRAME } from './frame.ts'
import { FrameReader, giveBack } from './frame-reader.ts'
import { Handshake } from './handshake.ts'
import type { LinkInit, LinkListener, Silence } from './link-types.ts'
import { Outbox } from './outbox.ts'
import { Services } from './services.ts'

/** How long a link's last frames have to leave before its connection is cut. */
export const FAREWELL_MS = 25

/** One long-lived stream to a peer: proof first, then requests both ways. */
export class Link {
  readonly peer: PeerId
  readonly connection: Connection
  /** By `performance.now()`. */
  openedMs = 0
  readonly silence: Silence = { ticks: 0, pinged: false, isDeath: false }
  /** Resolves once the peer has proved the mesh key, rejects if it never did. */
  readonly ready: Promise<void>
  readonly #stream: Stream
  readonly #listener: LinkListener
  readonly #log: Log
  readonly #outbox: Outbox
  readonly #asks: Asks
  readonly #services: Services
  readonly #reader: FrameReader
  readonly #handshake: Handshake
  readonly #settle: { resolve: () => void; reject: (error: unknown) => void }
  #state: 'proving' | 'open' | 'closed' = 'proving'
  #uncredited = 0

  constructor(init: LinkInit) {
    this.peer = init.connection.remotePeer.toString()
    this.connection = init.connection
    this.#stream = init.stream
    this.#listener = init.listener
    this.#log = init.log
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.ready = promise
    // Nobody may be waiting; the failure is logged where it is found.
    promise.catch(() => undefined)
    this.#settle = { resolve, reject }
    this.#outbox = new Outbox(
      init.stream,
      (error) => this.#fail(error),
      () => this.#services.unpark(),
    )
    this.#asks = new Asks((id) => this.#outbox.frame(FRAME.cancel, id))
    this.#services = new Services(this.#outbox, this.peer, init.slot)
    this.#reader = new FrameReader({
      frame: (type, id, body) => this.#onFrame(type, id, body),
      data: (id, bytes) => this.#onData(id, bytes),
    })
    this.#handshake = new Handshake({ ...init, peer: this.peer, outbox: this.#outbox })
    this.#listen()
    this.#handshake.start()
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Requests outstanding in either direction. */
  get outstanding(): number {
    return this.#asks.size + this.#services.size
  }

  get asking(): number {
    return this.#asks.size
  }

  get queuedBytes(): number {
    return this.#outbox.queuedBytes
  }

  /** Asks the peer; the reply may be a `failed` one. */
  request(request: Request, signal?: StopSignal): Promise<Reply> {
    return this.#asks.add(
      decodeReply,
      (id) => this.#outbox.frame(FRAME.request, id, (writer) => writeRequest(writer, request)),
      signal,
    )
  }

  /** Asks with a frame of another type than `request`. */
  ask<T>(type: number, decode: Decode<T>, write: (writer: ByteWriter) => void): Promise<T> {
    return this.#asks.add(decode, (id) => this.#outbox.frame(type, id, write))
  }

  /** Sends a frame that has no reply. */
  tell(type: number, id: number, write?: (writer: ByteWriter) => void): void {
    this.#outbox.frame(type, id, write)
  }

  /** Closes the whole connection; what is outstanding rejects with the error. */
  close(error: PotluckError): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#outbox.flush()
    this.#outbox.close()
    this.#asks.close(error)
    this.#services.close(error)
    this.#settle.reject(error)
    this.#listener.closed(this, error)
    this.#closeConnection()
  }

  /** Lets what was sent last (why we close) leave before the connection goes. */
  #closeConnection(): void {
    const { connection } = this
    const abort = (): void => {
      if (connection.status === 'open') connection.abort(new Error('the link is closed'))
    }
    // libp2p's own `close` waits half a second on TLS for the other end to close too.
    if (this.silence.pinged) abort()
    else setTimeout(abort, FAREWELL_MS)
  }

  #listen(): void {
    const stream = this.#stream
    stream.addEventListener('message', (event: StreamMessageEvent) => this.#onMessage(event))
    stream.addEventListener('drain', () => {
      this.#outbox.drained()
    })
    stream.addEventListener('close', (event: StreamCloseEvent) => {
      const cause = event.error
      this.close(
        new PotluckError('UNREACHABLE', `the connection to ${this.peer} closed`, { cause }),
      )
    })
    stream.addEventListener('remoteCloseWrite', () => {
      this.close(new PotluckError('UNREACHABLE', `${this.peer} closed the link`))
    })
  }

  #onMessage(event: StreamMessageEvent): void {
    this.silence.ticks = 0
    this.silence.pinged = false
    if (this.#state === 'closed') return
    try {
      const { data } = event
      if (data instanceof Uint8Array) this.#reader.push(data)
      else {
        for (const chunk of data) {
          this.#reader.push(chunk)
          giveBack(chunk)
        }
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  /**
   * The peer broke the protocol, or the stream broke: nothing more can be believed on this link.
   */
  #fail(error: unknown): void {
    if (this.#state === 'closed') return
    const known = error instanceof PotluckError
    const cause = known
      ? error
      : new PotluckError('UNREACHABLE', `the link to ${this.peer} broke`, { cause: error })
    // That a stream broke is no news beside the connection's end; what a peer did wrong is.
    this.#log(
      known ? 'warn' : 'debug',
      `closing the connection to ${this.peer}: ${String((error as Error).message)}`,
      {
        peer: this.peer,
        code: cause.code,
      },
    )
    this.close(cause)
  }

  #onData(id: number, bytes: Buffer): void {
    if (this.#state !== 'open') {
      if (this.#state === 'closed') return
      throw malformed('data before the proof')
    }
    this.#asks.data(id, bytes)
    this.#uncredited += bytes.length
    if (this.#uncredited < CREDIT_STEP_BYTES) return
    this.#outbox.frame(FRAME.credit, this.#uncredited)
    this.#uncredited = 0
  }

  #onFrame(type: number, id: number, body: Buffer): void {
    if (this.#state === 'closed') return
    if (this.#state === 'proving') {
      if (this.#handshake.frame(type, body)) this.#open()
      return
    }
    switch (type) {
      case FRAME.request:
        return this.#services.request(id, body)
      case FRAME.reply:
        if (body.length !== 8) throw malformed('a reply without its lengths')
        return this.#asks.begin(id, body.readUInt32LE(0), body.readUInt32LE(4))
      case FRAME.cancel:
        return this.#services.cancel(id)
      case FRAME.credit:
        return this.#outbox.grant(id)
      default:
        return this.#onControl(type, id, body)
    }
  }

  #onControl(type: number, id: number, body: Buffer): void {
    switch (type) {
      case FRAME.ping:
        return this.#outbox.frame(FRAME.pong, 0)
      case FRAME.pong:
        return
      case FRAME.contacts:
        return this.#listener.contacts(this, body)
      case FRAME.departed:
        return this.#listener.departed(this, body)
      case FRAME.digest:
        return this.#listener.digest(this, body)
      case FRAME.find:
        return this.#outbox.reply(id, this.#listener.find(this, body), undefined)
      case FRAME.goodbye:
        return this.#listener.goodbye(this, id === 1)
      case FRAME.refused:
        throw new PotluckError('REFUSED', `${this.peer} refuses us`)
      default:
        throw malformed(`an unexpected frame ${type}`)
    }
  }

  #open(): void {
    this.#state = 'open'
    this.openedMs = performance.now()
    this.#settle.resolve()
    this.#listener.opened(this)
  }
}
