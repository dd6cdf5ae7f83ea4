import type { StopSignal } from '../base/abort.ts'
import type { PeerId, Reply, Request } from './messages.ts'

export type RequestOptions = {
  /** Aborting stops the wait, and tells the peer to stop working on it where that is possible. */
  readonly signal?: StopSignal
}

/**
 * Answers one peer's request. `signal` aborts when the asker gave up or went away. A rejection is
 * sent as a `failed` reply.
 */
export type RequestHandler = (
  from: PeerId,
  request: Request,
  options: { readonly signal: StopSignal },
) => Promise<Reply>

/**
 * Requests to peers and from peers.
 *
 * The network, not its user, watches that the peer is alive: while a request is outstanding and
 * nothing at all (not even a pong) has come from the peer for about two seconds, or the connection
 * closes, the request rejects. A slow answer from a living peer is waited for without bound.
 */
export interface Network {
  /**
   * Asks a peer, connecting first where needed.
   *
   * @throws PotluckError UNREACHABLE (no connection, or it died), TOO_LARGE or MALFORMED (what came
   *   back broke the protocol), ABORTED (by the signal), CLOSED (we are stopping); and with the code
   *   of a `failed` reply, which is never returned as a reply.
   */
  request(to: PeerId, request: Request, options?: RequestOptions): Promise<Reply>

  /** Sets the one handler. Requests that come earlier wait for it. */
  handle(handler: RequestHandler): void

  /** Bytes of replies accepted for sending but not yet handed to the operating system. */
  queuedBytes(): number
}
