import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { loadSecret } from './secret-file.ts'

/** A fresh identity, for a peer that need not be the same one after a restart. */
export function makeIdentity(): Promise<PrivateKey> {
  return generateKeyPair('Ed25519')
}

/**
 * A peer's private key from a file, made where it is not there.
 *
 * @throws PotluckError EACCES where others may read the file, EINVAL where it holds no key
 */
export function loadIdentity(file: string): Promise<PrivateKey> {
  return loadSecret({
    file,
    what: 'identity file',
    option: '--identity',
    make: async () => privateKeyToProtobuf(await makeIdentity()),
    decode: privateKeyFromProtobuf,
  })
}
