// fusermount3: the set-uid program that mounts for an ordinary user. It opens /dev/fuse, mounts,
// and sends the descriptor over a socket whose number it finds in its environment.
import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { PotluckError } from '../../src/base/errors.ts'
import { receiveDescriptor, socketpair } from './libc.ts'

/** As much of what it complains about as is kept. */
const MAX_ERROR_BYTES = 4096

/** @throws PotluckError ENOSYS if it is not installed */
export function runFusermount(
  options: readonly string[],
  socket?: number,
): Promise<{ status: number; errors: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; errors: string }>()
  const child = spawn('fusermount3', options, {
    stdio: ['ignore', 'ignore', 'pipe', ...(socket === undefined ? [] : [socket])],
    env: { ...process.env, LC_ALL: 'C', ...(socket === undefined ? {} : { _FUSE_COMMFD: '3' }) },
  })
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(0, MAX_ERROR_BYTES)
  })
  child.on('error', (error: NodeJS.ErrnoException) => reject(notInstalled(error)))
  child.on('close', (status) => resolve({ status: status ?? 1, errors: errors.trim() }))
  return promise
}

function notInstalled(error: NodeJS.ErrnoException): PotluckError {
  const message =
    error.code === 'ENOENT'
      ? "fusermount3 is not installed: an ordinary user can't mount without it (Debian: 'apt install fuse3')"
      : `fusermount3 can't be run: ${error.message}`
  return new PotluckError('ENOSYS', message, { cause: error })
}

/**
 * Mounts for an ordinary user. Its end is waited for before the socket is read: where it fails it
 * sends nothing and leaves our side open, so that reading first would wait for ever.
 * @returns the open device
 * @throws PotluckError with what fusermount3 complained about
 */
export async function mountThroughFusermount(path: string, options: string): Promise<number> {
  const [ours, theirs] = socketpair()
  try {
    const { status, errors } = await runFusermount(['-o', options, '--', path], theirs)
    if (status !== 0) throw explain(path, errors)
    return receiveDescriptor(ours)
  } finally {
    closeSync(ours)
    closeSync(theirs)
  }
}

function explain(path: string, errors: string): PotluckError {
  const said = errors === '' ? 'fusermount3 failed without saying why' : errors
  if (/allow_other/.test(errors)) {
    return new PotluckError('EPERM', `${path} can't be mounted for other users: ${said}`)
  }
  if (/\/dev\/fuse|device not found/.test(errors)) {
    const remedy = "load the module ('modprobe fuse') or have its mode set to 0666"
    return new PotluckError('EACCES', `${path} can't be mounted: ${said}; ${remedy}`)
  }
  return new PotluckError('EPERM', `${path} can't be mounted: ${said}`)
}
