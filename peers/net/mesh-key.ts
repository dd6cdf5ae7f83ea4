import { randomBytes } from 'node:crypto'
import { loadSecret } from './secret-file.ts'

export const MESH_KEY_BYTES = 32

/**
 * The 32-byte key that all peers of a mesh share, from a file in hex or base64 (or the bare bytes),
 * made where it is not there.
 *
 * @throws PotluckError EACCES where others may read the file, EINVAL where it holds no key, EIO
 */
export function loadMeshKey(file: string): Promise<Uint8Array> {
  return loadSecret({
    file,
    what: 'mesh key file',
    option: '--key',
    make: () => `${randomBytes(MESH_KEY_BYTES).toString('hex')}\n`,
    decode: decodeMeshKey,
  })
}

/** 32 bare bytes, 64 hex digits, or base64 of 32 bytes, white space around allowed. */
function decodeMeshKey(bytes: Uint8Array): Uint8Array {
  if (bytes.length === MESH_KEY_BYTES) return Uint8Array.from(bytes)
  const text = Buffer.from(bytes).toString('latin1').trim()
  if (/^[0-9a-f]{64}$/i.test(text)) return new Uint8Array(Buffer.from(text, 'hex'))
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return new Uint8Array(Buffer.from(text, 'base64'))
  throw new Error(`it has ${bytes.length} bytes, not 32 in hex or base64`)
}
