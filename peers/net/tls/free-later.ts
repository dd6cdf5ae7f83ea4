import type { TLSSocket } from 'node:tls'

/** What of Node's own TLS lies beneath a socket; checked at run time, for it is not its public face. */
type Beneath = { readonly _handle?: { destroySSL?: () => void } | null }

/**
 * Lets OpenSSL's part of a TLS socket live until the event loop comes round.
 *
 * Node frees it the moment the socket is closed whose TCP socket is closed already. OpenSSL may be
 * reading just then: it tells JavaScript of a handshake's end, or of a session, while it reads, and
 * Node runs whatever else is due behind that, a failed write's end among it. Back in OpenSSL it reads
 * freed memory, and the process dies of SIGSEGV (Node 24.21; seen when a cut cable was mended).
 */
export function freeLater(socket: TLSSocket): TLSSocket {
  const handle = (socket as unknown as Beneath)._handle
  const free = handle?.destroySSL
  if (handle && free) handle.destroySSL = () => void setImmediate(() => free.call(handle))
  return socket
}
