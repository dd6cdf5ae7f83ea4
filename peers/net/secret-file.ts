// A secret kept in a file that nobody but its owner may read: made on first use, kept from then on.
import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf, PotluckError } from '../../src/base/errors.ts'
import { hasCode } from '../source/system/failures.ts'

const MAX_FILE_BYTES = 1_024

export type SecretFile<T> = {
  readonly file: string
  /** What the file is called in errors, such as 'mesh key file'. */
  readonly what: string
  /** The option that names another one. */
  readonly option: string
  /** What a new file holds. */
  readonly make: () => Promise<Uint8Array | string> | Uint8Array | string
  /** @throws Error where the bytes are no such secret; its message says what they should be */
  readonly decode: (bytes: Uint8Array) => T
}

/**
 * The secret in the file; a file that is not there is made, with mode 0600. Of several peers that
 * make it at once on shared storage, one wins and the others read what it made.
 *
 * @throws PotluckError EACCES where others may read the file, EINVAL where it holds no secret, and
 *   the errno of what can't be read or made
 */
export async function loadSecret<T>(secret: SecretFile<T>): Promise<T> {
  try {
    return await readSecret(secret)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw explained(secret, error)
  }
  try {
    await createSecret(secret)
    return await readSecret(secret)
  } catch (error) {
    throw explained(secret, error)
  }
}

/** What the system said, with what it was about. */
function explained({ file, what, option }: SecretFile<unknown>, cause: unknown): unknown {
  if (cause instanceof PotluckError) return cause
  const why = cause instanceof Error ? cause.message : String(cause)
  const message = `${what} ${file} can't be used (${why}); name another with ${option}`
  return new PotluckError(codeOf(cause), message, { cause })
}

async function readSecret<T>({ file, what, decode }: SecretFile<T>): Promise<T> {
  const { mode, size } = await stat(file)
  if ((mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, '0')
    throw new PotluckError(
      'EACCES',
      `${what} ${file} has mode ${octal}, so others may read it: run chmod 600 ${file}`,
    )
  }
  const bytes = size > MAX_FILE_BYTES ? undefined : await readFile(file)
  try {
    if (bytes === undefined) throw new Error(`it has ${size} bytes`)
    return decode(bytes)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new PotluckError('EINVAL', `${what} ${file} holds no key: ${why}`, { cause })
  }
}

async function createSecret<T>({ file, make }: SecretFile<T>): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const unfinished = `${file}.${randomBytes(6).toString('hex')}`
  const handle = await open(unfinished, 'wx', 0o600)
  try {
    await handle.writeFile(await make())
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    await chmod(unfinished, 0o600)
    // A link, unlike a rename, does not replace the secret that someone else made meanwhile.
    await link(unfinished, file)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    await rm(unfinished, { force: true })
  }
}
