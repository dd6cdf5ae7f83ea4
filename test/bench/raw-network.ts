import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

const HEADER_BYTES = 8
/** About what a want takes on a link. */
const REQUEST_BYTES = 110

/**
 * A server over bare node:net: an 8-byte header (length, id), a body; answers each with the block.
 */
export async function serveRaw(bytes: Uint8Array): Promise<string> {
  const server = createServer({ noDelay: true, highWaterMark: 1024 * 1024 }, (socket) => {
    onFrames(socket, (id) => send(socket, id, bytes))
    socket.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return String((server.address() as AddressInfo).port)
}

/** The least that a client can do: one copy of the payload into a buffer of its own. */
export async function connectRaw(
  address: string,
): Promise<{ ask: () => Promise<number>; stop: () => Promise<void> }> {
  const socket = connect({ port: Number(address), host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  const waiting = new Map<number, (length: number) => void>()
  const request = new Uint8Array(REQUEST_BYTES)
  let nextId = 0
  onFrames(socket, (id, body) => {
    const resolve = waiting.get(id)
    waiting.delete(id)
    resolve?.(body.length)
  })
  const ask = (): Promise<number> =>
    new Promise((resolve) => {
      const id = nextId++
      waiting.set(id, resolve)
      send(socket, id, request)
    })
  return { ask, stop: async () => void socket.destroy() }
}

function send(socket: Socket, id: number, body: Uint8Array): void {
  if (socket.writableCorked === 0) {
    socket.cork()
    process.nextTick(() => socket.uncork())
  }
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt32LE(body.length, 0)
  header.writeUInt32LE(id, 4)
  socket.write(header)
  socket.write(body)
}

function onFrames(socket: Socket, onFrame: (id: number, body: Buffer) => void): void {
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  let headerBytes = 0
  let body: Buffer | undefined
  let received = 0
  socket.on('data', (chunk: Buffer) => {
    let at = 0
    while (at < chunk.length) {
      if (body === undefined) {
        const end = Math.min(chunk.length, at + HEADER_BYTES - headerBytes)
        chunk.copy(header, headerBytes, at, end)
        headerBytes += end - at
        at = end
        if (headerBytes < HEADER_BYTES) return
        body = Buffer.allocUnsafeSlow(header.readUInt32LE(0))
        received = 0
      }
      const end = Math.min(chunk.length, at + body.length - received)
      chunk.copy(body, received, at, end)
      received += end - at
      at = end
      if (received < body.length) return
      headerBytes = 0
      const whole = body
      body = undefined
      onFrame(header.readUInt32LE(4), whole)
    }
  })
}
