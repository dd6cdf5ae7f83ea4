// The room of libp2p's TLS 1.3 handshake (`/tls/1.0.0`, github.com/libp2p/specs, tls/tls.md), on
// Node's own TLS sockets. Why not @libp2p/tls: it runs the cipher text through a JavaScript duplex
// (3.9 against 1.4 CPU-s/GB), makes a certificate for every connection with 300 modules of ASN.1
// (half of a start's CPU), and both ends speak the same protocol, so peers need not know.
//
// The room must never hand out a connection whose peer has not proved its identity: one certificate,
// valid now, signed by its own key, with that key signed by the libp2p key that makes the peer id.
import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'
import { publicKeyFromProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { InvalidCryptoExchangeError, UnexpectedPeerError } from '@libp2p/interface'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { der, derValues, TAG, type DerValue } from './der.ts'

export type Credentials = { readonly cert: string; readonly key: string }

const SIGNED_PREFIX = Buffer.from('libp2p-tls-handshake:')
const MAX_CERTIFICATE_BYTES = 16 * 1024
/** 1.3.6.1.4.1.53594.1.1: the extension with the libp2p key and its signature. */
const EXTENSION_OID = Buffer.from('2b0601040183a25a0101', 'hex')
/** 1.2.840.10045.4.3.2 */
const ECDSA_WITH_SHA256 = der(TAG.sequence, der(TAG.oid, Buffer.from('2a8648ce3d040302', 'hex')))
const HOUR_MS = 3_600_000
/** As @libp2p/tls and go-libp2p have it: a peer's clock may be off, and no peer lives for longer. */
const VALID_BEFORE_MS = HOUR_MS
const VALID_AFTER_MS = 100 * 365 * 24 * HOUR_MS

/**
 * A self-signed certificate (P-256) that carries the public key of this libp2p identity, and its
 * key, both PEM. One does for all connections of a process.
 */
export async function makeCredentials(identity: PrivateKey, nowMs: number): Promise<Credentials> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const signature = await identity.sign(Buffer.concat([SIGNED_PREFIX, spki]))
  const signedKey = der(
    TAG.sequence,
    der(TAG.octetString, publicKeyToProtobuf(identity.publicKey)),
    der(TAG.octetString, signature),
  )
  const toBeSigned = certificateBody(spki, signedKey, nowMs)
  const bytes = der(
    TAG.sequence,
    toBeSigned,
    ECDSA_WITH_SHA256,
    der(TAG.bitString, Buffer.of(0), sign('sha256', toBeSigned, privateKey)),
  )
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { cert: new X509Certificate(bytes).toString(), key }
}

function certificateBody(spki: Buffer, signedKey: Buffer, nowMs: number): Buffer {
  // Positive and not zero, whatever was drawn.
  const serial = Buffer.concat([Buffer.of(0x40), randomBytes(8)])
  const extension = der(
    TAG.sequence,
    der(TAG.oid, EXTENSION_OID),
    der(TAG.boolean, Buffer.of(0xff)),
    der(TAG.octetString, signedKey),
  )
  const noName = der(TAG.sequence)
  return der(
    TAG.sequence,
    der(TAG.version, der(TAG.integer, Buffer.of(2))),
    der(TAG.integer, serial),
    ECDSA_WITH_SHA256,
    noName,
    der(TAG.sequence, time(nowMs - VALID_BEFORE_MS), time(nowMs + VALID_AFTER_MS)),
    noName,
    spki,
    der(TAG.extensions, der(TAG.sequence, extension)),
  )
}

/** RFC 5280, 4.1.2.5: two digits of the year until 2049, four from then on. */
function time(ms: number): Buffer {
  const digits = `${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
  return digits < '2050'
    ? der(TAG.utcTime, Buffer.from(digits.slice(2)))
    : der(TAG.generalizedTime, Buffer.from(digits))
}

/**
 * Who the other end of a TLS connection is, by the certificate that it presented (DER).
 *
 * @throws InvalidCryptoExchangeError for any certificate that proves nothing, UnexpectedPeerError
 *   where it proves to be someone else than `expected`
 */
export async function peerOfCertificate(
  certificate: Uint8Array | undefined,
  nowMs: number,
  expected?: PeerId,
): Promise<PeerId> {
  if (certificate === undefined) throw invalid('the peer presented no certificate')
  if (certificate.length > MAX_CERTIFICATE_BYTES) throw invalid('the certificate is too large')
  const peer = await provenPeer(Buffer.from(certificate), nowMs).catch((cause: unknown) => {
    if (cause instanceof InvalidCryptoExchangeError) throw cause
    throw invalid(`the certificate can't be read: ${String(cause)}`)
  })
  if (expected !== undefined && !expected.equals(peer)) {
    throw new UnexpectedPeerError(`expected ${expected.toString()}, found ${peer.toString()}`)
  }
  return peer
}

async function provenPeer(bytes: Buffer, nowMs: number): Promise<PeerId> {
  const certificate = new X509Certificate(bytes)
  if (Date.parse(certificate.validFrom) > nowMs) throw invalid('the certificate is not valid yet')
  if (Date.parse(certificate.validTo) < nowMs) throw invalid('the certificate has expired')
  if (!certificate.verify(certificate.publicKey))
    throw invalid('the certificate is not self-signed')
  const { spki, signedKey } = partsOf(bytes)
  const [key, signature, ...more] = derValues(only(derValues(signedKey)).content)
  if (key?.tag !== TAG.octetString || signature?.tag !== TAG.octetString || more.length > 0) {
    throw invalid('the libp2p extension is not what it should be')
  }
  const publicKey = publicKeyFromProtobuf(key.content)
  if (!(await publicKey.verify(Buffer.concat([SIGNED_PREFIX, spki]), signature.content))) {
    throw invalid("the libp2p key has not signed the certificate's")
  }
  return peerIdFromPublicKey(publicKey)
}

/** The subject's public key, as it lies there, and what is in the extension of libp2p. */
function partsOf(bytes: Buffer): { spki: Buffer; signedKey: Buffer } {
  const [body] = derValues(only(derValues(bytes)).content)
  const fields = derValues(body?.content ?? Buffer.alloc(0))
  // Behind the version: serial, algorithm, issuer, validity, subject, key.
  const spki = fields[0]?.tag === TAG.version ? fields[6] : undefined
  const list = fields.find(({ tag }) => tag === TAG.extensions)
  if (spki === undefined || list === undefined) throw invalid('a certificate without extensions')
  for (const { content } of derValues(only(derValues(list.content)).content)) {
    const extension = derValues(content)
    const value = extension.at(-1)
    if (extension[0]?.content.equals(EXTENSION_OID) && value?.tag === TAG.octetString) {
      return { spki: spki.raw, signedKey: value.content }
    }
  }
  throw invalid('a certificate without the libp2p extension')
}

function only(values: readonly DerValue[]): DerValue {
  const [value, ...more] = values
  if (value === undefined || more.length > 0) throw invalid('not one value where one should be')
  return value
}

function invalid(message: string): InvalidCryptoExchangeError {
  return new InvalidCryptoExchangeError(message)
}
