import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { PotluckError } from '../../src/base/errors.ts'

const MAX_FILE_BYTES = 1_024

/** A fresh identity, for a peer that need not be the same one after a restart. */
export function makeIdentity(): Promise<PrivateKey> {
  return generateKeyPair('Ed25519')
}

/**
 * A peer's private key from a file, made with mode 0600 where it is not there.
 *
 * @throws PotluckError EACCES where others may read the file, EINVAL where it holds no key
 */
export async function loadIdentity(file: string): Promise<PrivateKey> {
  try {
    return await readIdentity(file)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT') throw error
  }
  await createIdentity(file)
  return readIdentity(file)
}

async function readIdentity(file: string): Promise<PrivateKey> {
  const { mode, size } = await stat(file)
  if ((mode & 0o077) !== 0) {
    throw new PotluckError('EACCES', `others may read identity file ${file}: run chmod 600 ${file}`)
  }
  if (size > MAX_FILE_BYTES) throw new PotluckError('EINVAL', `${file} is no identity file`)
  const bytes = await readFile(file)
  try {
    return privateKeyFromProtobuf(bytes)
  } catch (cause) {
    throw new PotluckError('EINVAL', `identity file ${file} holds no private key`, { cause })
  }
}

async function createIdentity(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const unfinished = `${file}.${randomBytes(6).toString('hex')}`
  const handle = await open(unfinished, 'wx', 0o600)
  try {
    await handle.writeFile(privateKeyToProtobuf(await makeIdentity()))
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    await link(unfinished, file)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error
  } finally {
    await rm(unfinished, { force: true })
  }
}
