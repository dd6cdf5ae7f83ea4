import { X509Certificate } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { generateCertificate, verifyPeerCertificate } from '@libp2p/tls/utils'
import test from 'ava'
import fc from 'fast-check'
import { makeCredentials, peerOfCertificate } from '../../../../peers/net/tls/certificate.ts'

const KEYS: readonly (() => Promise<PrivateKey>)[] = [
  () => generateKeyPair('Ed25519'),
  () => generateKeyPair('secp256k1'),
  () => generateKeyPair('RSA', 2_048),
]

const YEAR_MS = 365 * 24 * 3_600_000

function bytesOf(pem: string): Buffer {
  return new X509Certificate(pem).raw
}

test('a certificate says who has made it, for every kind of key', async (t) => {
  for (const makeKey of KEYS) {
    const key = await makeKey()
    const { cert } = await makeCredentials(key, Date.now())
    const peer = await peerOfCertificate(bytesOf(cert), Date.now())
    t.is(peer.toString(), peerIdFromPrivateKey(key).toString(), key.type)
  }
})

test('@libp2p/tls believes our certificates and we its', async (t) => {
  for (const makeKey of KEYS) {
    const key = await makeKey()
    const self = peerIdFromPrivateKey(key)
    const ours = bytesOf((await makeCredentials(key, Date.now())).cert)
    t.true(self.equals(await verifyPeerCertificate(ours, self)), key.type)
    const theirs = bytesOf((await generateCertificate(key)).cert)
    t.true(self.equals(await peerOfCertificate(theirs, Date.now(), self)), key.type)
  }
})

test('a certificate is believed between its dates alone', async (t) => {
  const key = await generateKeyPair('Ed25519')
  const certificate = bytesOf((await makeCredentials(key, Date.now())).cert)
  await peerOfCertificate(certificate, Date.now() + 50 * YEAR_MS)
  const tooOld = peerOfCertificate(certificate, Date.now() + 101 * YEAR_MS)
  await t.throwsAsync(tooOld, { message: /expired/ })
  await t.throwsAsync(peerOfCertificate(certificate, Date.now() - YEAR_MS), {
    message: /not valid/,
  })
})

test('who is someone else than was expected, or nobody, is refused', async (t) => {
  const [key, other] = [await generateKeyPair('Ed25519'), await generateKeyPair('Ed25519')]
  const certificate = bytesOf((await makeCredentials(key, Date.now())).cert)
  const found = peerOfCertificate(certificate, Date.now(), peerIdFromPrivateKey(other))
  await t.throwsAsync(found, { name: 'UnexpectedPeerError' })
  await t.throwsAsync(peerOfCertificate(undefined, Date.now()), {
    name: 'InvalidCryptoExchangeError',
  })
})

// The key that signs the extension is taken from one certificate, the rest from another: the copy of
// someone's extension in a certificate of one's own, which is what an impostor would try.
test("another's extension in a certificate of one's own proves nothing", async (t) => {
  const key = await generateKeyPair('Ed25519')
  const impostor: PrivateKey = Object.create(await generateKeyPair('Ed25519'), {
    publicKey: { value: key.publicKey },
  })
  const forged = bytesOf((await makeCredentials(impostor, Date.now())).cert)
  await t.throwsAsync(peerOfCertificate(forged, Date.now()), { message: /has not signed/ })
})

test('a damaged or cut certificate is refused, whatever the damage', async (t) => {
  const key = await generateKeyPair('Ed25519')
  const whole = bytesOf((await makeCredentials(key, Date.now())).cert)
  const position = fc.integer({ min: 0, max: whole.length - 1 })
  const refused = async (bytes: Buffer): Promise<boolean> =>
    peerOfCertificate(bytes, Date.now()).then(
      () => false,
      (error: Error) => error.name === 'InvalidCryptoExchangeError',
    )
  await fc.assert(
    fc.asyncProperty(position, fc.integer({ min: 0, max: 7 }), async (at, bit) => {
      const damaged = Buffer.from(whole)
      damaged[at] = (damaged[at] ?? 0) ^ (1 << bit)
      t.true(await refused(damaged), `bit ${bit} of byte ${at}`)
      t.true(await refused(whole.subarray(0, at)), `${at} bytes`)
    }),
    { numRuns: 300 },
  )
})
