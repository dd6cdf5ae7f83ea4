import { Socket } from 'node:net'
import { InvalidParametersError, type MessageStream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/** What @libp2p/tcp's connection is made of; checked at run time, for it is not its public face. */
type SocketConnection = { readonly socket: Socket; readonly readBuffer: Uint8ArrayList }

/**
 * Takes the TCP socket out of a connection of @libp2p/tcp, with what has come for its new owner
 * already. The connection still hears that the socket closed or failed, and no longer of its bytes.
 *
 * @throws InvalidParametersError for a connection of another transport
 */
export function takeSocket(connection: MessageStream): Socket {
  const { socket, readBuffer } = connection as Partial<SocketConnection>
  if (!(socket instanceof Socket) || readBuffer === undefined) {
    throw new InvalidParametersError('a connection that is no TCP socket')
  }
  socket.pause()
  socket.removeAllListeners('data')
  if (readBuffer.byteLength > 0) {
    const early = readBuffer.slice()
    readBuffer.consume(early.byteLength)
    // In front of what the socket itself still holds; node:tls begins with both.
    socket.unshift(early)
  }
  return socket
}
