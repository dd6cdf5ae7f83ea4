import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import test, { type ExecutionContext } from 'ava'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { nativeTls } from '../../../../peers/net/tls/native-tls.ts'

type Encrypter = NonNullable<Libp2pOptions['connectionEncrypters']>[number]

const ours = nativeTls as unknown as () => Encrypter
const theirs = tls as unknown as () => Encrypter

async function aNode(t: ExecutionContext, encrypter: () => Encrypter) {
  const node = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [encrypter()],
    streamMuxers: [yamux()],
    services: { identify: identify(), ping: ping() },
  })
  t.teardown(() => node.stop())
  return node
}

async function anEcho(t: ExecutionContext, encrypter: () => Encrypter) {
  const node = await aNode(t, encrypter)
  await node.handle('/echo', (stream) => {
    stream.addEventListener('message', ({ data }) => void stream.send(data))
  })
  return node
}

/** Sends bytes there and returns how many came back, and whether they were the same. */
async function echo(
  from: Awaited<ReturnType<typeof aNode>>,
  to: Awaited<ReturnType<typeof aNode>>,
  bytes: Uint8Array,
): Promise<Buffer> {
  const stream = await from.dialProtocol(to.getMultiaddrs(), '/echo')
  const got: Uint8Array[] = []
  let received = 0
  const all = Promise.withResolvers<void>()
  stream.addEventListener('message', ({ data }) => {
    got.push(data.subarray())
    received += data.byteLength
    if (received >= bytes.length) all.resolve()
  })
  stream.send(bytes)
  await all.promise
  return Buffer.concat(got)
}

for (const [name, dialler, listener] of [
  ['we dial ourselves', ours, ours],
  ['we dial @libp2p/tls', ours, theirs],
  ['@libp2p/tls dials us', theirs, ours],
] as const) {
  test(`bytes come back as they were sent, where ${name}`, async (t) => {
    const [from, to] = [await aNode(t, dialler), await anEcho(t, listener)]
    for (const length of [1, 70_000, 200_000]) {
      const bytes = Buffer.alloc(length, `${length}`)
      t.true(bytes.equals(await echo(from, to, bytes)), `${length} bytes`)
    }
    const [connection] = from.getConnections()
    t.is(connection?.encryption, '/tls/1.0.0')
    t.true(connection?.remotePeer.equals(to.peerId))
    t.true(to.getConnections()[0]?.remotePeer.equals(from.peerId))
  })
}

test('a peer who is not the one that was dialled is refused', async (t) => {
  const [from, to] = [await aNode(t, ours), await aNode(t, ours)]
  const other = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  const [address] = to.getMultiaddrs()
  const wrong = multiaddr(String(address).replace(/p2p\/.*/, `p2p/${other.toString()}`))
  await t.throwsAsync(from.dial(wrong), { message: /expected/ })
  t.is(from.getConnections().length, 0)
})

test('either end learns at once that the other has closed or cut the connection', async (t) => {
  for (const end of ['close', 'abort'] as const) {
    const [from, to] = [await aNode(t, ours), await aNode(t, ours)]
    const connection = await from.dial(to.getMultiaddrs())
    await from.services.ping.ping(to.peerId)
    const closed = new Promise((resolve) => to.addEventListener('connection:close', resolve))
    if (end === 'abort') connection.abort(new Error('enough'))
    else await connection.close()
    await closed
    t.is(to.getConnections().length, 0)
    t.is(from.getConnections().length, 0)
  }
})

test('a stranger who speaks no TLS is cut off, and nobody else', async (t) => {
  const { connect } = await import('node:net')
  const to = await aNode(t, ours)
  const { port } = to
    .getMultiaddrs()[0]
    ?.getComponents()
    .reduce((found, { name, value }) => (name === 'tcp' ? { port: Number(value) } : found), {
      port: 0,
    }) ?? { port: 0 }
  const socket = connect({ port, host: '127.0.0.1' })
  const select = (protocol: string): Buffer =>
    Buffer.concat([Buffer.of(protocol.length + 1), Buffer.from(`${protocol}\n`)])
  socket.write(Buffer.concat([select('/multistream/1.0.0'), select('/tls/1.0.0')]))
  socket.write(Buffer.alloc(1_000, 'not a hello'))
  socket.resume()
  await new Promise((resolve) => socket.once('close', resolve))
  const from = await aNode(t, ours)
  t.true((await from.dial(to.getMultiaddrs())).remotePeer.equals(to.peerId))
})
