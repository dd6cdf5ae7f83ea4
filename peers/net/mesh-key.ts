import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PotluckError } from '../../src/base/errors.ts'

export const MESH_KEY_BYTES = 32
const MAX_FILE_BYTES = 1_024

/**
 * The 32-byte key that all peers of a mesh share, from a file in hex or base64 (or the bare bytes).
 * A file that is not there is made, readable for its owner alone; of several peers that make it at
 * once on shared storage, one wins and the others read its key.
 *
 * @throws PotluckError EACCES where others may read the file, EINVAL where it holds no key, EIO
 */
export async function loadMeshKey(file: string): Promise<Uint8Array> {
  try {
    return await readMeshKey(file)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT') throw error
  }
  await createMeshKey(file)
  return readMeshKey(file)
}

async function readMeshKey(file: string): Promise<Uint8Array> {
  const { mode, size } = await stat(file)
  if ((mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, '0')
    throw new PotluckError(
      'EACCES',
      `mesh key file ${file} has mode ${octal}, so others may read it: run chmod 600 ${file}`,
    )
  }
  if (size > MAX_FILE_BYTES) throw noKey(file, `it has ${size} bytes`)
  const bytes = await readFile(file)
  const key = decodeMeshKey(bytes)
  if (key === undefined) throw noKey(file, `it has ${bytes.length} bytes`)
  return key
}

/** 32 bare bytes, 64 hex digits, or base64 of 32 bytes, white space around allowed. */
export function decodeMeshKey(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length === MESH_KEY_BYTES) return Uint8Array.from(bytes)
  const text = Buffer.from(bytes).toString('latin1').trim()
  if (/^[0-9a-f]{64}$/i.test(text)) return new Uint8Array(Buffer.from(text, 'hex'))
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return new Uint8Array(Buffer.from(text, 'base64'))
  return undefined
}

async function createMeshKey(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const unfinished = `${file}.${randomBytes(6).toString('hex')}`
  const handle = await open(unfinished, 'wx', 0o600)
  try {
    await handle.writeFile(`${randomBytes(MESH_KEY_BYTES).toString('hex')}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    await chmod(unfinished, 0o600)
    // A link, unlike a rename, does not replace the key that someone else made meanwhile.
    await link(unfinished, file)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error
  } finally {
    await rm(unfinished, { force: true })
  }
}

function noKey(file: string, found: string): PotluckError {
  return new PotluckError(
    'EINVAL',
    `mesh key file ${file} holds no key: ${found}, not 32 bytes in hex or base64`,
  )
}
