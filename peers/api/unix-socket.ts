// Takes a Unix socket's path for a server: recovers one that a dead process left, refuses one that
// a living process serves, and lets nobody but this user in.
import { chmod, lstat, mkdir, stat, unlink } from 'node:fs/promises'
import net, { type Server } from 'node:net'
import path from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { codeOf, PotluckError } from '../../src/base/errors.ts'

const PROBE_MS = 1000

/**
 * Makes `server` listen on `socket`, mode 0600. Its directory is made, mode 0700, where missing.
 *
 * @throws PotluckError EBUSY a living process has it; EEXIST something else is at that path;
 *   EACCES its directory belongs to someone else
 */
export async function listenOnSocket(server: Server, socket: string): Promise<void> {
  await checkDirectory(path.dirname(socket))
  await clearStale(socket)
  await listen(server, socket)
  await chmod(socket, 0o600)
}

/** @throws PotluckError EBUSY, EEXIST or EACCES as `listenOnSocket` would; recovers a stale one */
export async function clearStale(socket: string): Promise<void> {
  const found = await lstat(socket).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw listenError(socket, cause)
  })
  if (found === undefined) return
  if (!found.isSocket()) {
    throw new PotluckError(
      'EEXIST',
      `${socket} is there and is not a socket; remove it or give --api another path`,
    )
  }
  if (await isServed(socket)) {
    throw new PotluckError(
      'EBUSY',
      `another peer serves on ${socket}; stop it or give --api another path`,
    )
  }
  await unlink(socket).catch(ignoreMissing)
}

// Whoever may rename in its directory could put a socket of theirs in the place of ours.
async function checkDirectory(directory: string): Promise<void> {
  const { uid, mode } = await mkdir(directory, { recursive: true, mode: 0o700 })
    .then(() => stat(directory))
    .catch((cause: NodeJS.ErrnoException) => {
      throw listenError(directory, cause)
    })
  const isOwn = uid === 0 || uid === (process.getuid?.() ?? uid)
  const isOpen = (mode & 0o002) !== 0 && (mode & 0o1000) === 0
  if (isOwn && !isOpen) return
  const why = isOwn ? 'may be written to by everyone' : `belongs to user ${uid}`
  throw new PotluckError(
    'EACCES',
    `${directory} ${why}; give --api a path in a directory of your own`,
  )
}

function isServed(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = net.connect(socket)
    const answer = (isLive: boolean): void => {
      connection.destroy()
      resolve(isLive)
    }
    connection.once('connect', () => answer(true))
    // A full backlog (EAGAIN) and a foreign socket (EACCES) are alive; only a refusal is dead.
    connection.once('error', (error: NodeJS.ErrnoException) => {
      answer(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT')
    })
    connection.setTimeout(PROBE_MS, () => answer(true))
  })
}

// Binding happens within `listen`, so the mask is in force for that moment alone. Only the main thread
// may set it: whoever lets another one listen sees to it.
function listen(server: Server, socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(socket, cause)))
    const mask = isMainThread ? process.umask(0o177) : undefined
    try {
      server.listen(socket, resolve)
    } finally {
      if (mask !== undefined) process.umask(mask)
    }
  })
}

function listenError(socket: string, cause: NodeJS.ErrnoException): PotluckError {
  if (cause.code === 'EADDRINUSE') {
    return new PotluckError(
      'EBUSY',
      `another peer took ${socket} just now; give --api another path`,
      { cause },
    )
  }
  return new PotluckError(
    codeOf(cause),
    `can't listen on ${socket} (${cause.code}); give --api another path`,
    { cause },
  )
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
