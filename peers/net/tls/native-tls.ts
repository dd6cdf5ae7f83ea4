import { connect, createSecureContext, TLSSocket } from 'node:tls'
import type { SecureContext, TLSSocketOptions } from 'node:tls'
import { InvalidCryptoExchangeError, serviceCapabilities } from '@libp2p/interface'
import type {
  ConnectionEncrypter,
  MessageStream,
  MultiaddrConnection,
  PrivateKey,
  SecureConnectionOptions,
  SecuredConnection,
  StreamMuxerFactory,
} from '@libp2p/interface'
import { makeCredentials, peerOfCertificate } from './certificate.ts'
import { freeLater } from './free-later.ts'
import { takeSocket } from './take-socket.ts'
import { TlsConnection } from './tls-connection.ts'

const PROTOCOL = '/tls/1.0.0'
/** Said where no multiplexer is agreed on in the handshake. */
const NO_MUXER = 'libp2p'
/** Half the key setup and a fifth less CPU a byte than the 256 bits that would come first. */
const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256'

type Muxers = { getStreamMuxers(): Map<string, StreamMuxerFactory> }
export type NativeTlsComponents = { readonly privateKey: PrivateKey; readonly upgrader: Muxers }

/** libp2p's TLS on the TCP socket itself: what goes over it passes through no JavaScript of ours. */
export function nativeTls(): (components: NativeTlsComponents) => ConnectionEncrypter {
  return (components) => new NativeTls(components)
}

class NativeTls implements ConnectionEncrypter {
  readonly protocol = PROTOCOL
  readonly [Symbol.toStringTag] = 'potluck/native-tls'
  readonly [serviceCapabilities] = ['@libp2p/connection-encryption']
  readonly #components: NativeTlsComponents
  #context: Promise<SecureContext> | undefined

  constructor(components: NativeTlsComponents) {
    this.#components = components
  }

  async secureInbound(
    connection: MessageStream,
    options: SecureConnectionOptions = {},
  ): Promise<SecuredConnection> {
    const secureContext = await this.#secureContext()
    const muxers = this.#muxers(options)
    const socket = new TLSSocket(takeSocket(connection), {
      secureContext,
      isServer: true,
      requestCert: true,
      // It is self-signed; who that is, is found out from it before the connection is used.
      rejectUnauthorized: false,
      ALPNCallback: ({ protocols }) =>
        protocols.find((each) => each === NO_MUXER || muxers.has(each)),
    } as TLSSocketOptions)
    return this.#secured(connection, freeLater(socket), options)
  }

  async secureOutbound(
    connection: MessageStream,
    options: SecureConnectionOptions = {},
  ): Promise<SecuredConnection> {
    const secureContext = await this.#secureContext()
    const socket = connect({
      socket: takeSocket(connection),
      secureContext,
      rejectUnauthorized: false,
      ALPNProtocols: [...this.#muxers(options).keys(), NO_MUXER],
    })
    return this.#secured(connection, freeLater(socket), options)
  }

  #muxers({
    skipStreamMuxerNegotiation,
  }: SecureConnectionOptions): Map<string, StreamMuxerFactory> {
    if (skipStreamMuxerNegotiation === true) return new Map()
    return this.#components.upgrader.getStreamMuxers()
  }

  #secureContext(): Promise<SecureContext> {
    this.#context ??= makeCredentials(this.#components.privateKey, Date.now()).then((credentials) =>
      createSecureContext({
        ...credentials,
        // None, where the default is to load the 140 of the web.
        ca: [],
        minVersion: 'TLSv1.3',
        maxVersion: 'TLSv1.3',
        ciphers: CIPHERS,
      }),
    )
    return this.#context
  }

  async #secured(
    connection: MessageStream,
    socket: TLSSocket,
    options: SecureConnectionOptions,
  ): Promise<SecuredConnection> {
    try {
      await handshake(socket, options.signal)
      const certificate = socket.getPeerCertificate().raw as Buffer | undefined
      const remotePeer = await peerOfCertificate(certificate, Date.now(), options.remotePeer)
      if (socket.destroyed) throw new InvalidCryptoExchangeError('the connection closed')
      const chosen = socket.alpnProtocol
      const streamMuxer = typeof chosen === 'string' ? this.#muxers(options).get(chosen) : undefined
      const secured = new TlsConnection(connection as MultiaddrConnection, socket)
      // What goes wrong from here on is the connection's, which listens by now.
      socket.off('error', ignore)
      return { remotePeer, connection: secured, ...(streamMuxer ? { streamMuxer } : {}) }
    } catch (error) {
      socket.destroy()
      throw error
    }
  }
}

/** Resolves when both ends have agreed on keys; `secure` comes before anything is decrypted. */
function handshake(socket: TLSSocket, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = (): void => reject(signal?.reason)
  const onClose = (): void => reject(new InvalidCryptoExchangeError('the connection closed'))
  socket.once('secure', resolve).once('error', reject).once('close', onClose).on('error', ignore)
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted === true) onAbort()
  return promise.finally(() => {
    signal?.removeEventListener('abort', onAbort)
    socket.off('secure', resolve).off('error', reject).off('close', onClose)
  })
}

/** An error between the handshake and the connection is seen by its closing. */
const ignore = (): void => undefined
