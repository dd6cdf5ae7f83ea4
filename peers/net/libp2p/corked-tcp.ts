import type { Socket } from 'node:net'
import type { MessageStream, MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'
import { tcp, type TCPComponents } from '@libp2p/tcp'
import type { Uint8ArrayList } from 'uint8arraylist'

/** Bytes a socket takes before it asks its writer to wait: enough for a batch of slices. */
const HIGH_WATER_MARK_BYTES = 1024 * 1024
const IDLE_TIMEOUT_MS = 10 * 60_000
/** Until the other host's kernel answers: a host that is down does not. */
const CONNECT_TIMEOUT_MS = 2_000

type SendResult = { sentBytes: number; canSendMore: boolean }

/** What @libp2p/tcp's connection is made of; checked at run time, for it is not its public face. */
type SocketConnection = MessageStream & {
  socket: Socket
  sendData: (data: Uint8ArrayList) => SendResult
}

/**
 * @libp2p/tcp with sockets that gather the writes of one turn of the event loop into one system
 * call. As it is, a yamux frame takes two writes (its 12-byte header, its body) and so two calls
 * and two packets; corked, a small request takes a third of the CPU.
 */
export function corkedTcp(): (components: TCPComponents) => Transport {
  const create = tcp({
    dialOpts: {
      noDelay: true,
      highWaterMark: HIGH_WATER_MARK_BYTES,
      timeout: CONNECT_TIMEOUT_MS,
    } as object,
    listenOpts: { noDelay: true, highWaterMark: HIGH_WATER_MARK_BYTES } as object,
    backlog: 1_024,
    inboundSocketInactivityTimeout: IDLE_TIMEOUT_MS,
    outboundSocketInactivityTimeout: IDLE_TIMEOUT_MS,
  })
  return (components) => corkedTransport(create(components) as Transport)
}

function corkedTransport(transport: Transport): Transport {
  const dial = transport.dial.bind(transport)
  const createListener = transport.createListener.bind(transport)
  transport.dial = (address, options) =>
    dial(address, { ...options, upgrader: corkedUpgrader(options.upgrader) })
  transport.createListener = (options) =>
    createListener({ ...options, upgrader: corkedUpgrader(options.upgrader) })
  return transport
}

/** The upgrader is where every new connection passes, inbound or outbound. */
function corkedUpgrader(upgrader: Upgrader): Upgrader {
  return new Proxy(upgrader, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'upgradeInbound' && name !== 'upgradeOutbound') return value.bind(target)
      return (connection: MultiaddrConnection, ...rest: unknown[]): unknown => {
        cork(connection)
        return value.call(target, connection, ...rest)
      }
    },
  })
}

/**
 * Gathers the writes of one turn of the event loop on a connection that writes to a Node socket:
 * @libp2p/tcp's or @libp2p/tls's. More than `maxBytes` at once are sent as they would be without.
 */
export function cork(connection: MessageStream, maxBytes = Number.POSITIVE_INFINITY): void {
  if (!isSocketConnection(connection)) return
  const { socket } = connection
  const sendUncorked = connection.sendData.bind(connection)
  connection.sendData = (data) => {
    if (data.byteLength > maxBytes) return sendUncorked(data)
    if (socket.writableCorked === 0) {
      socket.cork()
      process.nextTick(uncork, socket)
    }
    let canSendMore = true
    // The socket takes everything; `false` only says that one should wait before the next.
    for (const chunk of data) canSendMore = socket.write(chunk)
    return { sentBytes: data.byteLength, canSendMore }
  }
}

function uncork(socket: Socket): void {
  socket.uncork()
}

function isSocketConnection(connection: MessageStream): connection is SocketConnection {
  const { socket, sendData } = connection as Partial<SocketConnection>
  return typeof socket?.cork === 'function' && typeof sendData === 'function'
}
