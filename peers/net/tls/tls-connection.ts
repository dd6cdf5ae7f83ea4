import type { TLSSocket } from 'node:tls'
import type { AbortOptions, MultiaddrConnection } from '@libp2p/interface'
import { AbstractMessageStream, type SendResult } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'

/**
 * Node joins what was written to a corked TLS socket by copying it. For small frames one record
 * instead of several is worth the copy, for bulk it is not.
 */
const MAX_CORKED_BYTES = 160 * 1024

/** A TLS socket as libp2p wants to see it. The writes of one turn of the event loop leave in one. */
export class TlsConnection extends AbstractMessageStream {
  readonly #socket: TLSSocket
  readonly #closed: Promise<void>

  constructor(connection: MultiaddrConnection, socket: TLSSocket) {
    const { log, inactivityTimeout, maxReadBufferLength, direction } = connection
    super({ log, inactivityTimeout, maxReadBufferLength, direction })
    this.#socket = socket
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#closed = promise
    socket.on('data', (bytes) => this.onData(bytes))
    socket.on('drain', () => this.safeDispatchEvent('drain'))
    socket.on('error', (error) => this.abort(error))
    socket.on('close', () => {
      resolve()
      this.onTransportClosed()
    })
  }

  override sendData(data: Uint8ArrayList): SendResult {
    const socket = this.#socket
    if (data.byteLength <= MAX_CORKED_BYTES && socket.writableCorked === 0) {
      socket.cork()
      process.nextTick(uncork, socket)
    }
    let canSendMore = true
    // The socket takes everything; `false` only says that one should wait before the next.
    for (const chunk of data) canSendMore = socket.write(chunk)
    return { sentBytes: data.byteLength, canSendMore }
  }

  override sendPause(): void {
    this.#socket.pause()
  }

  override sendResume(): void {
    this.#socket.resume()
  }

  override sendReset(): void {
    this.#socket.destroy()
  }

  override async close({ signal }: AbortOptions = {}): Promise<void> {
    this.#socket.destroySoon()
    if (signal === undefined) return this.#closed
    const aborted = Promise.withResolvers<never>()
    const onAbort = (): void => aborted.reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    try {
      await Promise.race([this.#closed, aborted.promise])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}

function uncork(socket: TLSSocket): void {
  socket.uncork()
}
