// A process whose TLS sockets are closed at the worst moment, while OpenSSL reads: a session's coming
// is told from inside SSL_read, and what is due next runs before that returns. Without `freeLater`
// it dies of SIGSEGV.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import * as tls from 'node:tls'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { makeCredentials } from '../../../../peers/net/tls/certificate.ts'
import { freeLater } from '../../../../peers/net/tls/free-later.ts'

const CONNECTIONS = 20

const credentials = await makeCredentials(await generateKeyPair('Ed25519'), Date.now())
const secureContext = tls.createSecureContext(credentials)
const ignore = (): void => undefined

const server = createServer((raw) => {
  const socket = new tls.TLSSocket(raw, { isServer: true, secureContext })
  socket.on('error', ignore).on('secure', () => socket.write('hello'))
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo

for (let i = 0; i < CONNECTIONS; i++) {
  const raw = connect(port, '127.0.0.1')
  await once(raw, 'connect')
  const socket = freeLater(tls.connect({ socket: raw, secureContext, rejectUnauthorized: false }))
  const closed = once(socket.on('error', ignore), 'close')
  const close = (): void => {
    raw.destroy()
    socket.destroy()
  }
  socket.once('session', () => process.nextTick(close))
  await closed
}
server.close()
console.log(`${CONNECTIONS} closed`)
