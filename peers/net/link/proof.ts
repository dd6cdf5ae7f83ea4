import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { PeerId } from '../../../src/ports/messages.ts'

/** Both ends of a connection, as each end has authenticated the other. */
export type ProofParties = {
  readonly mesh: string
  readonly dialler: PeerId
  readonly listener: PeerId
}

export type Nonces = { readonly dialler: Uint8Array; readonly listener: Uint8Array }

export const NONCE_BYTES = 32
export const MAC_BYTES = 32

export function makeNonce(): Uint8Array {
  return randomBytes(NONCE_BYTES)
}

/**
 * What only a holder of the mesh key can compute for this connection: HMAC-SHA256 over who proves
 * (so that neither proof can be sent back as the other), the mesh's name, both peer ids (so that it
 * can't be passed on over a connection to someone else) and both fresh nonces (nor used again).
 */
export function prove(
  meshKey: Uint8Array,
  role: 'dialler' | 'listener',
  { parties, nonces }: { parties: ProofParties; nonces: Nonces },
): Uint8Array {
  const hmac = createHmac('sha256', meshKey)
  for (const text of [
    'potluck membership',
    role,
    parties.mesh,
    parties.dialler,
    parties.listener,
  ]) {
    // Each part behind its length, so that no two lists of parts give the same bytes.
    const bytes = Buffer.from(text)
    hmac.update(Buffer.of(bytes.length & 0xff, bytes.length >>> 8)).update(bytes)
  }
  return hmac.update(nonces.dialler).update(nonces.listener).digest()
}

export function isSameMac(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
