// A libp2p client that holds the mesh key but speaks as badly as a test wants it to.
import { identify } from '@libp2p/identify'
import type { Stream, StreamMessageEvent } from '@libp2p/interface'
import { plaintext } from '@libp2p/plaintext'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import type { ExecutionContext } from 'ava'
import { createLibp2p } from 'libp2p'
import { FRAME, protocolId } from '../../../peers/net/link/frame.ts'
import { FrameReader } from '../../../peers/net/link/frame-reader.ts'
import { makeNonce, prove } from '../../../peers/net/link/proof.ts'
import { MESH_KEY } from './mesh.ts'

export type RawClient = {
  readonly peer: string
  send(bytes: Uint8Array): void
  /** Resolves when the other end has closed the connection. */
  readonly closed: Promise<void>
  /** Frames other than those of the proof, by type. */
  readonly frames: { type: number; id: number; body: Buffer }[]
  readonly stream: Stream
}

export function frame(type: number, id: number, body: Uint8Array = new Uint8Array(0)): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt32LE(type + body.length * 0x100, 0)
  header.writeUInt32LE(id, 4)
  return Buffer.concat([header, body])
}

/** Connects; with `proves` it becomes a member, else it says nothing. */
export async function aRawClient(
  t: ExecutionContext,
  address: string,
  { proves }: { proves: boolean },
): Promise<RawClient> {
  const node = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [plaintext()],
    streamMuxers: [
      yamux({
        streamOptions: {
          initialStreamWindowSize: 4 * 1024 * 1024,
          maxStreamWindowSize: 4 * 1024 * 1024,
        },
      }),
    ],
    services: { identify: identify() },
  })
  t.teardown(() => node.stop())
  const connection = await node.dial(multiaddr(address))
  const closed = new Promise<void>((resolve) => {
    connection.addEventListener('close', () => resolve())
  })
  const stream = await connection.newStream([protocolId()])
  const frames: RawClient['frames'] = []
  const client = { peer: node.peerId.toString(), frames, closed, stream }
  const send = (bytes: Uint8Array): void => void stream.send(bytes)
  if (!proves) return { ...client, send }
  const nonce = makeNonce()
  const answered = Promise.withResolvers<Buffer>()
  const reader = new FrameReader({
    frame: (type, id, body) => {
      if (type === FRAME.answer) answered.resolve(Buffer.from(body))
      else frames.push({ type, id, body: Buffer.from(body) })
    },
    data: () => undefined,
  })
  stream.addEventListener('message', ({ data }: StreamMessageEvent) => {
    reader.push(data.subarray())
  })
  send(frame(FRAME.hello, 0, Buffer.concat([nonce, Buffer.from('\x04test')])))
  const listener = (await answered.promise).subarray(0, 32)
  const parties = { mesh: 'test', dialler: client.peer, listener: connection.remotePeer.toString() }
  const nonces = { dialler: nonce, listener }
  send(frame(FRAME.proof, 0, prove(MESH_KEY, 'dialler', { parties, nonces })))
  return { ...client, send }
}
